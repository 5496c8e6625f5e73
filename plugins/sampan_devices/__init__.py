"""Devices: classes, claims and slices of resource.k8s.io (dynamic resource allocation)."""
