"""Hollow nodes: simulated nodes by the thousand in one process, whose pods go through configurable stages."""
