"""One protocol for the schema of a kind, and its implementations: built-in, custom, untyped."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Kind
from sampan_machinery import schema
from sampan_machinery.kindschema.builtin import BuiltinSchema
from sampan_machinery.kindschema.custom import CustomSchema
from sampan_machinery.kindschema.protocol import STRATEGIC, KindSchema
from sampan_machinery.kindschema.untyped import UntypedSchema
from sampan_machinery.structural import Structural, soundness

__all__ = ["STRATEGIC", "KindSchema", "complaints", "schema_of"]


def schema_of(kind: Kind) -> KindSchema:
    """The schema of a kind: its own where it brings one, else the table's. To be kept: what it needs is made once in
    it."""
    if kind.schema is not None:
        return CustomSchema(kind, Structural(kind, kind.schema))
    schemas = schema.load()
    return BuiltinSchema(kind, schemas) if schemas.has(*kind.resource[:2], kind.kind) else UntypedSchema(kind)


def complaints(kind: Kind) -> Iterator[str]:
    """Why a kind's own schema or its declared rules cannot be used, in sentences."""
    if kind.rules is not None:
        node = None if kind.schema is not None else schema_of(kind).node
        yield from (f"the rules of {kind.kind}: {wrong}" for wrong in soundness.rule_complaints(kind.rules, node))
    if kind.schema is not None:
        yield from (f"the schema of {kind.kind}: {wrong}" for wrong in soundness.complaints(kind.schema))
