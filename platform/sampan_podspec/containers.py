"""Iterates over all kinds of containers, so that no policy misses init, sidecar or ephemeral ones."""

from __future__ import annotations

from typing import Any

LISTS = ("initContainers", "containers", "ephemeralContainers")


def walk(spec: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(list name, container) for every container of a PodSpec: init, main and ephemeral ones."""
    return [(name, container) for name in LISTS if name in spec for container in spec[name] or ()]


def is_sidecar(init_container: dict[str, Any]) -> bool:
    """Whether an init container keeps running beside the main containers (KEP-753)."""
    return init_container.get("restartPolicy") == "Always"
