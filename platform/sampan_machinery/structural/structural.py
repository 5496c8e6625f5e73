"""All that a kind with a schema of its own needs: decoding, pruning, defaults, validation, its shape for patches.

The counterpart, for one kind, of ``sampan_machinery.schema.Schemas`` for Kubernetes' own. Wrong types inside spec and
status are validation's to report (422, as for custom resources), those in metadata are decoding's (400).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from sampan.contracts.kinds import Kind, Object, Problem
from sampan.errors import BadRequest
from sampan_machinery import schema as known
from sampan_machinery.schema import strict, wording
from sampan_machinery.schema.schemas import Schemas
from sampan_machinery.schema.table import shipped
from sampan_machinery.structural import checking, filling, verdicts
from sampan_machinery.structural.nodes import OBJECT_FIELDS, Schema, SchemaNode

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
DUPLICATE = "FieldValueDuplicate"
_BARE = "Object"  # a type of nothing but metadata
_IN_METADATA = re.compile(r"(Go struct field \w+)\.metadata\.")


@functools.cache
def _bare() -> Schemas:
    """Checks an object's metadata as that of any built-in kind; one for all kinds."""
    fields = {"apiVersion": "string", "kind": "string", "metadata": f"#{OBJECT_META}"}
    return Schemas(shipped().extended({_BARE: {"fields": fields}}, {"/v1/" + _BARE: _BARE}))


class Structural:
    """One kind's schema at work. Thread-safe."""

    def __init__(self, kind: Kind, schema: Schema) -> None:
        self.schema = schema
        self.node = SchemaNode(schema, known.load().named(OBJECT_META))
        self._kind, self._version = kind.kind, kind.version
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        own = {name: below for name, below in properties.items() if name not in OBJECT_FIELDS}
        self._own: Schema = {**schema, "properties": own, "required": self._required(schema)}

    @staticmethod
    def _required(schema: Schema) -> list[str]:
        return [name for name in schema.get("required") or () if name not in OBJECT_FIELDS]

    def prune(self, obj: Object) -> Object:
        """A copy without unknown fields, its metadata typed and canonical. Raises BadRequest for bad metadata."""
        pruned: Object = filling.prune(obj, self.node)
        if "metadata" in obj:
            pruned["metadata"] = self._metadata(obj["metadata"])
        return pruned

    def _metadata(self, metadata: Any) -> Object:
        try:
            found = _bare().prune("", "v1", _BARE, {"metadata": metadata})
        except BadRequest as error:
            why = error.message.partition(f"as a {_BARE}: ")[2] or error.message
            raise wording.cannot_handle(self._kind, self._version, _as_its_own(why)) from None
        return found.get("metadata") or {}

    def strict_problems(self, body: bytes) -> list[str]:
        """Unknown and doubled fields of a JSON body, in document order. The body has been decoded before."""
        return strict.problems(strict.read_pairs(body), self.node)

    def unknown_fields(self, obj: Object) -> list[str]:
        """The same for a dict, in which nothing can be given twice."""
        return strict.problems(obj, self.node)

    def default(self, obj: Object, *, keep_nulls: bool = False) -> None:
        self._filling.fill(obj, keep_nulls=keep_nulls)

    def check(self, obj: Object, old: Object | None = None) -> list[Problem]:
        """What is wrong with it by the schema, metadata left out; at most a hundred problems. On an update what did
        not change is not judged again."""
        if self._fits(_content(obj)):
            return []
        found: Iterator[Problem] = checking.check(
            _content(obj), self._own, "", old=old, former=checking.ABSENT if old is None else _content(old)
        )
        problems = [problem for problem, _ in zip(found, range(checking.MOST), strict=False)]
        if old is not None and any(problem.reason == DUPLICATE for problem in problems) and self._has_doubles(old):
            return [problem for problem in problems if problem.reason != DUPLICATE]
        return problems

    @cached_property
    def _filling(self) -> filling.Filling:
        return filling.Filling(self._own)

    @cached_property
    def _fits(self) -> verdicts.Verdict:
        return verdicts.compiled(self._own)

    def _has_doubles(self, obj: Object) -> bool:
        return any(problem.reason == DUPLICATE for problem in checking.check(_content(obj), self._own, ""))


def _as_its_own(why: str) -> str:
    """Upstream reads the metadata of custom objects by itself: nothing is above it."""
    if why.endswith(f"Go struct field {_BARE}.metadata of type v1.ObjectMeta"):
        return why.replace(f"Go struct field {_BARE}.metadata", "Go value")
    return _IN_METADATA.sub(r"\1.", why)


def _content(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name not in OBJECT_FIELDS}
