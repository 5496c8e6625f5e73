"""Devices of a node: drivers that register, and prepare what was allocated to pods (dynamic resource allocation)."""
