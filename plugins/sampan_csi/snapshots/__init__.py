"""Snapshots of volumes: their kinds, the controller that binds them, and the side-car's part."""
