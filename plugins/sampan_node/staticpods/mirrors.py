"""Which pods are static ones and which mirrors of them. Source: the documentation on static pods."""

from __future__ import annotations

from sampan.contracts.kinds import Object

HASH, SOURCE, MIRROR = "kubernetes.io/config.hash", "kubernetes.io/config.source", "kubernetes.io/config.mirror"


def is_static(pod: Object) -> bool:
    """Whether this node runs it by a manifest of its own."""
    return bool((pod["metadata"].get("annotations") or {}).get(SOURCE) == "file")


def is_mirror(pod: Object) -> bool:
    """Whether it only shows in the API what a node runs by itself."""
    return MIRROR in (pod["metadata"].get("annotations") or {})
