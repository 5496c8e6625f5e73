"""Counters that the devices of a pool share: what is left of them. Source: KEP-4815 (partitionable devices)."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Object
from sampan_devices.allocation.records import InUse, Pool
from sampan_machinery.quantities import read

CounterKey = tuple[str, str, str, str]  # driver, pool, set, counter


class Counters:
    """What is left, in nanos, for one search on one node; computed for a pool when it is first asked about."""

    def __init__(self, in_use: InUse) -> None:
        self._in_use = in_use
        self._left: dict[CounterKey, int] = {}
        self._known: set[tuple[str, str]] = set()

    def take(self, pool: Pool, device: Object) -> bool:
        """False, and nothing is taken, where there is not enough."""
        self._begin(pool)
        needs = dict(_consumption(pool, device))
        if any(amount > self._left.get(key, 0) for key, amount in needs.items()):
            return False
        for key, amount in needs.items():
            self._left[key] -= amount
        return True

    def give_back(self, pool: Pool, device: Object) -> None:
        for key, amount in _consumption(pool, device):
            self._left[key] += amount

    def _begin(self, pool: Pool) -> None:
        if (pool.driver, pool.name) in self._known:
            return
        self._known.add((pool.driver, pool.name))
        for name, counters in pool.counters.items():
            for counter, amount in counters.items():
                self._left[pool.driver, pool.name, name, counter] = amount
        for found, device in pool.everywhere:
            if found in self._in_use.devices or found in self._in_use.capacity:
                for key, amount in _consumption(pool, device):
                    self._left[key] -= amount


def _consumption(pool: Pool, device: Object) -> Iterator[tuple[CounterKey, int]]:
    for each in device.get("consumesCounters") or ():
        for counter, value in (each.get("counters") or {}).items():
            yield (pool.driver, pool.name, each["counterSet"], counter), read(value.get("value") or "0").nanos
