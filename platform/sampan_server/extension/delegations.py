"""Group versions that another server serves: found by path, joined into discovery. Knows no plugin by name.

What the server has kinds of is its own; a delegation that fails to answer is passed over and named in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from sampan.contracts.serving import Delegated, Delegation
from sampan_server.registry import Registry, version_rank

log = logging.getLogger(__name__)

Found = TypeVar("Found")


class Delegations:
    """All of a server's; empty where no plugin brings any."""

    def __init__(self, registry: Registry, delegations: Sequence[Delegation] = ()) -> None:
        self._registry = registry
        self._delegations = tuple(delegations)

    def start(self) -> None:
        for delegation in self._delegations:
            _isolated(delegation, delegation.start, None)

    def close(self) -> None:
        for delegation in self._delegations:
            _isolated(delegation, delegation.close, None)

    def of_path(self, path: str) -> Delegated | None:
        """Who serves this path: /apis/<group>/<version>, what is below it, or its OpenAPI document."""
        if not self._delegations:
            return None
        parts = path.removeprefix("/openapi/v3").split("/", 4)
        if len(parts) < 4 or parts[0] or parts[1] != "apis" or not parts[2] or not parts[3]:
            return None
        group, version = parts[2], parts[3]
        if version in self._registry.versions.get(group, ()):
            return None
        for delegation in self._delegations:
            try:
                found = delegation.find(group, version)
            except Exception:
                log.exception("%s cannot say who serves %s/%s", delegation.name, group, version)
                continue
            if found is not None:
                return found
        return None

    def all(self) -> list[Delegated]:
        """Every group version once, in the order discovery shows them: by priority, then by name."""
        taken: dict[tuple[str, str], Delegated] = {}
        nothing: Sequence[Delegated] = ()
        for delegation in self._delegations:
            for found in _isolated(delegation, delegation.all, nothing):
                if found.version not in self._registry.versions.get(found.group, ()):
                    taken.setdefault((found.group, found.version), found)
        groups: dict[str, int] = {}
        for found in taken.values():
            groups[found.group] = max(groups.get(found.group, 0), found.priority)
        return sorted(
            taken.values(),
            key=lambda d: (-groups[d.group], d.group, -d.version_priority, version_rank(d.version)),
        )

    def generation(self) -> tuple[int, ...]:
        """Changes when ``all`` may answer otherwise."""
        return tuple(_isolated(delegation, delegation.generation, -1) for delegation in self._delegations)


def _isolated(delegation: Delegation, ask: Callable[[], Found], otherwise: Found) -> Found:
    try:
        return ask()
    except Exception:
        log.exception("the delegation %s failed", delegation.name)
        return otherwise
