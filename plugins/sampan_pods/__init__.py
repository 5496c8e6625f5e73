"""Pods: the kind, its defaults, validation, columns and subresources."""
