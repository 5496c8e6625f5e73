"""Garbage collection by ownerReferences."""
