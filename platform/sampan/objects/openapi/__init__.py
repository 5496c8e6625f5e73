"""OpenAPI documents of the kinds that a cluster serves."""

from sampan.objects.openapi.documents import Documents

__all__ = ["Documents"]
