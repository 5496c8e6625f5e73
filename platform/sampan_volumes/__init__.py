"""Contracts and hooks of volumes that somebody else mounts."""
