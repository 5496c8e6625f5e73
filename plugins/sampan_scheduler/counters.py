"""Counts of placed pods by topology domain, each for one question of a rule, kept up to date as pods come and go.

An index by label finds the counters that a pod matters to, so that a cluster with thousands of Deployments (each with
counters of its own) looks at a handful of them for each pod.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sampan_machinery.selectors import Selector
from sampan_scheduler.pods import PodInfo

Scope = tuple["frozenset[str] | None", Selector]  # namespaces (None: all) and labels


class CounterKey(NamedTuple):
    """``scopes``: a pod has to be in all of them. ``live``: pods that are terminating do not count."""

    topology_key: str
    scopes: tuple[Scope, ...]
    live: bool = False


class DomainCounter:
    """How many pods (or how much weight) stand in each domain of a topology key, and on which nodes."""

    __slots__ = ("counts", "key", "nodes", "topology_key", "total")

    def __init__(self, key: CounterKey) -> None:
        self.key = key
        self.topology_key = key.topology_key
        self.counts: dict[str, int] = {}  # by domain, zeros left out
        self.nodes: dict[str, int] = {}  # by node name, zeros left out
        self.total = 0  # pods

    def is_about(self, info: PodInfo) -> bool:
        key = self.key
        if key.live and info.terminating:
            return False
        for namespaces, selector in key.scopes:
            if namespaces is not None and info.namespace not in namespaces:
                return False
            if not selector.matches(info.labels):
                return False
        return True

    def count(self, name: str, domain: str | None, sign: int, weight: int = 1) -> None:
        """One pod more (or with -1 less) on this node; nodes without the label are in no domain."""
        if domain is None:
            return
        self.total += sign
        for counts, place in ((self.counts, domain), (self.nodes, name)):
            now = counts.get(place, 0) + sign * weight
            if now:
                counts[place] = now
            else:
                counts.pop(place, None)


class CounterIndex:
    """Counters by key, found by the labels of a pod."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counters: dict[CounterKey, DomainCounter] = {}
        self._by_pair: dict[tuple[str, str], dict[CounterKey, DomainCounter]] = {}
        self._others: dict[CounterKey, DomainCounter] = {}  # whose selector names no single value

    def __len__(self) -> int:
        return len(self._counters)

    def get(self, key: CounterKey) -> DomainCounter | None:
        return self._counters.get(key)

    def add(self, key: CounterKey) -> DomainCounter:
        """A new counter; the oldest makes room where there are too many."""
        if len(self._counters) >= self._most:
            self.drop(next(iter(self._counters)))
        found = self._counters[key] = DomainCounter(key)
        self._shelf(key)[key] = found
        return found

    def drop(self, key: CounterKey) -> None:
        del self._counters[key]
        self._shelf(key).pop(key)

    def about(self, info: PodInfo) -> Iterator[DomainCounter]:
        """Those that count this pod."""
        if not self._counters:
            return
        for pair in info.labels.items():
            for counter in self._by_pair.get(pair, _NONE).values():
                if counter.is_about(info):
                    yield counter
        for counter in self._others.values():
            if counter.is_about(info):
                yield counter

    def _shelf(self, key: CounterKey) -> dict[CounterKey, DomainCounter]:
        pairs = key.scopes[0][1].equalities if key.scopes else ()
        return self._by_pair.setdefault(pairs[0], {}) if pairs else self._others


_NONE: dict[Any, Any] = {}
