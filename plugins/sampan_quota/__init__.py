"""Limits on what the objects of a namespace may use: LimitRange."""
