"""Credentials for image registries from programs of the node's administrator (credential provider plugins)."""
