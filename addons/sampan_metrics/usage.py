"""From measurements to usage: cpu as a rate between two, memory as it was last. Pure; keeps the last of each."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sampan_metrics.reading import NODE, Address, Measurement

SHORTEST = 0.5  # seconds between two measurements that a rate is made of
YOUNG = 120.0  # seconds of age up to which a first measurement is taken as the rate since the start


class Usage(NamedTuple):
    """What a container or node used over ``window`` seconds up to ``at``. cpu in cores, memory in bytes; ``point`` is
    the measurement behind it."""

    at: float
    window: float
    cpu: float
    memory: int
    point: Measurement


def usage_of(old: Measurement | None, new: Measurement) -> Usage | None:
    """None where that cannot be told yet, or the measurement is the old one again."""
    if old is not None and new.at > old.at and new.cpu >= old.cpu and new.started == old.started:
        window = new.at - old.at
        if window < SHORTEST:
            return None
        return Usage(new.at, window, (new.cpu - old.cpu) / window, new.memory, new)
    if old is not None and new.at == old.at:
        return None
    age = new.at - new.started
    if new.started and SHORTEST <= age <= YOUNG:
        return Usage(new.at, age, new.cpu / age, new.memory, new)
    return None


def _kept(old: Measurement | None, new: Measurement) -> Measurement:
    """From which of the two the next rate is made: a measurement too close to the last one is passed over."""
    same = old is not None and new.started == old.started and new.cpu >= old.cpu
    return old if old is not None and same and 0 <= new.at - old.at < SHORTEST else new


class LatestUsage:
    """The newest usage of everything. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[str, dict[Address, Measurement]] = {}
        self._usages: dict[str, dict[Address, Usage]] = {}
        self._pods: dict[tuple[str, str], tuple[str, dict[str, Usage]]] = {}  # node, and usage by container

    def take(self, node: str, points: Mapping[Address, Measurement]) -> dict[Address, Usage]:
        """What is new of a node; whatever it names no more is forgotten."""
        with self._lock:
            before, known = self._points.get(node, {}), self._usages.get(node, {})
            fresh, usages = {}, {}
            for address, point in points.items():
                usage = usage_of(before.get(address), point)
                if usage is not None:
                    fresh[address] = usages[address] = usage
                elif (old := known.get(address)) is not None and old.point.started == point.started:
                    usages[address] = old
            self._points[node] = {address: _kept(before.get(address), point) for address, point in points.items()}
            self._set(node, usages)
            return fresh

    def forget_others(self, nodes: Iterable[str]) -> None:
        """All but these nodes are gone."""
        there = set(nodes)
        with self._lock:
            for node in [node for node in self._points if node not in there]:
                del self._points[node]
                self._set(node, {})

    def drop_older(self, than: float) -> None:
        """What was not measured since then says nothing about now."""
        with self._lock:
            for node, usages in list(self._usages.items()):
                if any(usage.at < than for usage in usages.values()):
                    self._set(node, {address: usage for address, usage in usages.items() if usage.at >= than})

    def node(self, name: str) -> Usage | None:
        return self._usages.get(name, {}).get(NODE)

    def pod(self, namespace: str, name: str) -> dict[str, Usage]:
        """Of each container, by name; {} where nothing is known."""
        found = self._pods.get((namespace, name))
        return found[1] if found else {}

    def all(self) -> dict[str, dict[Address, Usage]]:
        """By node."""
        with self._lock:
            return dict(self._usages)

    def _set(self, node: str, usages: dict[Address, Usage]) -> None:
        """Replaced whole, never changed: readers need no lock."""
        pods: dict[tuple[str, str], dict[str, Usage]] = {}
        for address, usage in usages.items():
            if address != NODE:
                pods.setdefault((address.namespace, address.pod), {})[address.container] = usage
        for address in self._usages.get(node, {}):
            pod = (address.namespace, address.pod)
            if pod not in pods and self._pods.get(pod, ("",))[0] == node:
                del self._pods[pod]
        self._pods.update((pod, (node, found)) for pod, found in pods.items())
        if usages:
            self._usages[node] = usages
        else:
            self._usages.pop(node, None)
