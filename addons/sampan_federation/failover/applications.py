"""Applications that have been unhealthy for too long in a cluster. ``Sick`` remembers since when."""

from __future__ import annotations

from collections.abc import Hashable

from sampan.contracts.kinds import Object
from sampan_federation.failover.evictions import APPLICATION, FAILURE, Leaving

DEFAULT = 300  # seconds, as Karmada's


class Sick:
    """Since when each workload has been unhealthy in each cluster."""

    def __init__(self) -> None:
        self._since: dict[tuple[Hashable, str], float] = {}

    def leaving(self, key: Hashable, binding: Object, now: float) -> tuple[list[Leaving], float | None]:
        """(clusters that it has to leave, seconds until the next is due), by ``spec.failover.application``."""
        spec, status = binding.get("spec") or {}, binding.get("status") or {}
        behavior = (spec.get("failover") or {}).get("application") or {}
        placed = {target["name"] for target in spec.get("clusters") or ()}
        sick = {
            item.get("clusterName", "")
            for item in status.get("aggregatedStatus") or ()
            if behavior and item.get("health") == "Unhealthy" and item.get("clusterName") in placed
        }
        for known in [each for each in self._since if each[0] == key and each[1] not in sick]:
            del self._since[known]
        if not sick:
            return [], None
        patience = (behavior.get("decisionConditions") or {}).get("tolerationSeconds", DEFAULT)
        left = {name: self._since.setdefault((key, name), now) + patience - now for name in sorted(sick)}
        due = [Leaving(name, FAILURE, APPLICATION) for name, seconds in left.items() if seconds <= 0]
        return due, min((seconds for seconds in left.values() if seconds > 0), default=None)

    def forget(self, key: Hashable) -> None:
        for known in [each for each in self._since if each[0] == key]:
            del self._since[known]
