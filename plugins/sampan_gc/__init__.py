"""Garbage collection: dependents are deleted when their owners are gone."""
