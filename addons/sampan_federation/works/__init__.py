"""Bindings become Works: one for each target cluster."""
