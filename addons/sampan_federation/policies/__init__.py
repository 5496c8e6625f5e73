"""Propagation policies: which policy an object is propagated by, and the binding that says so."""
