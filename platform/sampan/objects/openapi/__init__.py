"""OpenAPI documents of the kinds that a cluster serves."""
