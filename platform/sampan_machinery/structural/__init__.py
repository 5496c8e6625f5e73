"""Kinds that bring their own fields: OpenAPI v3 structural schemas, as a CRD has them."""

from sampan_machinery.structural.structural import Structural

__all__ = ["Structural"]
