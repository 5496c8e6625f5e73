"""Namespaces: the kind, its life cycle, and deletion of what is inside."""
