"""A kind of which no schema is known: objects are taken as they are."""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object, Problem
from sampan_machinery import media as bodies
from sampan_machinery import validation
from sampan_machinery.kindschema.protocol import PATCH_TYPES
from sampan_machinery.kindschema.strictness import validation_of


class UntypedSchema:
    """A KindSchema."""

    patch_types = PATCH_TYPES
    checks_long = False
    message = ""
    items_say_kind = False
    published = None
    node = None
    zero: Object = {}

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def decode(self, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
        return bodies.decode_body(data, media), []

    def prune(self, obj: Object) -> Object:
        return obj

    def prune_checked(self, obj: Object) -> tuple[Object, list[str]]:
        return obj, []

    def default(self, obj: Object, *, keep_nulls: bool = False) -> None:
        self._kind.default(obj)

    def complete(self, obj: Object, old: Object | None = None) -> None:
        return None

    def reset_status(self, obj: Object) -> None:
        obj["status"] = {}

    def check(self, obj: Object, old: Object | None, *, version: Kind | None = None) -> list[Problem]:
        kind = self._kind
        found = validation.validate_metadata(
            obj, namespaced=kind.namespaced, name_rule=kind.name_rule, old=old, own=not kind.any_finalizer
        )
        return [*found, *validation_of(kind, version)(obj, old)]
