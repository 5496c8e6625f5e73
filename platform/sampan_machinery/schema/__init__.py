"""What fields each built-in kind has: decoding, pruning, strict field errors and the shapes that patches walk."""

from sampan_machinery.schema.schemas import Schemas, load

__all__ = ["Schemas", "load"]
