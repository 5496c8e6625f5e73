"""OpenAPI documents of the kinds that a cluster serves."""

from sampan_machinery.openapi.documents import Documents

__all__ = ["Documents"]
