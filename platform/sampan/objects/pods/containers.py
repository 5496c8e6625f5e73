"""One walker over all container kinds, so that no policy forgets init, sidecar or ephemeral ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LISTS = ("initContainers", "containers", "ephemeralContainers")


def walk(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(list name, container) for every container of a PodSpec, in the order they are declared."""
    for name in LISTS:
        for container in spec.get(name) or ():
            yield name, container


def is_sidecar(init_container: dict[str, Any]) -> bool:
    """An init container that keeps running beside the others (KEP-753)."""
    return init_container.get("restartPolicy") == "Always"
