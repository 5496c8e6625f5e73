"""One protocol for the schema of a kind, and its implementations: built-in, custom, untyped."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan_machinery import schema
from sampan_machinery.kindschema.builtin import BuiltinSchema
from sampan_machinery.kindschema.custom import CustomSchema
from sampan_machinery.kindschema.protocol import STRATEGIC, KindSchema
from sampan_machinery.kindschema.untyped import UntypedSchema
from sampan_machinery.structural import Structural

__all__ = ["STRATEGIC", "KindSchema", "schema_of"]


def schema_of(kind: Kind) -> KindSchema:
    """The schema of a kind: its own where it brings one, else the table's. To be kept: what it needs is made once in
    it."""
    if kind.schema is not None:
        return CustomSchema(kind, Structural(kind, kind.schema))
    schemas = schema.load()
    return BuiltinSchema(kind, schemas) if schemas.has(*kind.resource[:2], kind.kind) else UntypedSchema(kind)
