"""All that a kind with a schema of its own needs: decoding, pruning, defaults, validation, its shape for patches.

The counterpart, for one kind, of ``sampan_machinery.schema.Schemas`` for Kubernetes' own. Wrong types inside spec and
status are validation's to report (422, as for custom resources), those in metadata are decoding's (400).
"""

from __future__ import annotations

import functools
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Kind, Object, Problem
from sampan.errors import BadRequest
from sampan_machinery import schema as known
from sampan_machinery.schema import strict, wording
from sampan_machinery.schema.schemas import Schemas
from sampan_machinery.schema.table import Table, shipped
from sampan_machinery.structural import checking, filling
from sampan_machinery.structural.nodes import OBJECT_FIELDS, Schema, SchemaNode

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_BARE = "Object"  # a type of nothing but metadata
_KEPT = 4096


@functools.cache
def _bare() -> Schemas:
    """Checks an object's metadata as that of any built-in kind; one for all kinds."""
    fields = {"apiVersion": "string", "kind": "string", "metadata": f"#{OBJECT_META}"}
    table = shipped()
    return Schemas(
        Table(table.version, ChainMap({_BARE: {"fields": fields}}, dict(table.types)), {"/v1/" + _BARE: _BARE})
    )


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
            raise wording.cannot_handle(
                self._kind, self._version, error.message.partition(f"as a {_BARE}: ")[2] or error.message
            ) from None
        return found.get("metadata") or {}

    def strict_problems(self, body: bytes) -> list[str]:
        """Unknown and doubled fields of a JSON body, in document order. The body has been decoded before."""
        return strict.problems(strict.read_pairs(body), self.node)

    def unknown_fields(self, obj: Object) -> list[str]:
        """The same for a dict, in which nothing can be given twice."""
        return strict.problems(obj, self.node)

    def default(self, obj: Object) -> None:
        filling.fill(obj, self._own)

    def check(self, obj: Object) -> list[Problem]:
        """What is wrong with it by the schema, metadata left out; at most a hundred problems."""
        found: Iterator[Problem] = checking.check(
            {name: value for name, value in obj.items() if name not in OBJECT_FIELDS}, self._own, ""
        )
        return [problem for problem, _ in zip(found, range(checking.MOST), strict=False)]


_known: dict[tuple[int, str, str, str], Structural] = {}


def of(kind: Kind) -> Structural | None:
    """The kind's Structural, built on first use; None for a kind without its own schema."""
    schema = kind.schema
    if schema is None:
        return None
    key = (id(schema), kind.group, kind.version, kind.kind)
    found = _known.get(key)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[key] = Structural(kind, schema)  # which keeps the schema alive, so that its id stays its own
    return found
