"""A kind of Kubernetes' own: its schema is in the table of ``sampan_machinery.schema``."""

from __future__ import annotations

import json
from functools import cached_property
from itertools import islice

from sampan.contracts.kinds import Kind, Object, Problem
from sampan_machinery import media as bodies
from sampan_machinery import validation, yamlin
from sampan_machinery.kindschema.protocol import PATCH_TYPES, STRATEGIC
from sampan_machinery.kindschema.strictness import IGNORE, check_kind, judged, validation_of
from sampan_machinery.protobuf.table import message_of
from sampan_machinery.schema import Schemas
from sampan_machinery.structural import checking
from sampan_machinery.structural.wording import BUILTIN
from sampan_machinery.types import Node

_LONGEST_NULL = 8  # bytes of a body that is null, and may be an object without any field


class BuiltinSchema:
    """A KindSchema."""

    patch_types = (*PATCH_TYPES, STRATEGIC)
    items_say_kind = False
    published = None

    def __init__(self, kind: Kind, schemas: Schemas) -> None:
        self._kind = kind
        self._schemas = schemas
        self._address = (kind.group, kind.version, kind.kind)
        self.checks_long = kind.has_expressions

    @cached_property
    def node(self) -> Node:
        return self._schemas.node(*self._address)

    @cached_property
    def message(self) -> str:
        return message_of(self._kind.api_version, self._kind.kind)

    def decode(self, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
        schemas, address = self._schemas, self._address
        if media not in bodies.JSON_TYPES:
            try:
                return self._decode_other(data, media, strictness)
            except yamlin.NoMap as found:  # from here on as the JSON that upstream makes of it
                data = json.dumps(found.value).encode()
        if len(data) <= _LONGEST_NULL and data.strip() == b"null":
            return {}, []
        if strictness == IGNORE:
            return schemas.decode(*address, data), []
        obj, said = schemas.decode_checked(*address, data)
        return obj, judged(said, strictness, self._kind)

    def _decode_other(self, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
        obj = bodies.decode_body(data, media)
        if not all(isinstance(obj.get(name) or "", str) for name in ("kind", "apiVersion")):
            return self.decode(json.dumps(obj).encode(), "application/json", strictness)  # which says so
        found: list[str] = []
        if strictness != IGNORE:
            found = [*bodies.duplicates(data, media), *self._schemas.unknown_fields(*self._address, obj)]
        check_kind(obj, self._kind)
        return self.prune(obj), judged(found, strictness, self._kind)

    def prune(self, obj: Object) -> Object:
        return self._schemas.prune(*self._address, obj)

    def prune_checked(self, obj: Object) -> tuple[Object, list[str]]:
        return self._schemas.prune_checked(*self._address, obj)

    def default(self, obj: Object, *, keep_nulls: bool = False) -> None:
        self._kind.default(obj)

    def complete(self, obj: Object, old: Object | None = None) -> None:
        self._schemas.complete(*self._address, obj, old)

    def reset_status(self, obj: Object) -> None:
        obj["status"] = {}  # shown empty, as upstream's structs are

    @cached_property
    def zero(self) -> Object:
        return self._schemas.zero(*self._address)

    def check(self, obj: Object, old: Object | None, *, version: Kind | None = None) -> list[Problem]:
        kind = self._kind
        found = validation.validate_metadata(
            obj, namespaced=kind.namespaced, name_rule=kind.name_rule, old=old, own=not kind.any_finalizer
        )
        if kind.rules:
            found += islice(checking.check(obj, kind.rules, "", old=old, words=BUILTIN), checking.MOST)
        return [*found, *validation_of(kind, version)(obj, old)]
