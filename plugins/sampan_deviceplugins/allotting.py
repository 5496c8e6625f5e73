"""Which containers of a pod get how many devices, and which ones. Pure.

Source: kubelet's device manager (meaning): limits count, and what an init container had serves later containers too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_podspec.containers import is_sidecar

#: Of the ids that are free, and those that have to be among them: which so many a plugin would rather give.
Preferred = Callable[[Collection[str], Collection[str], int], Collection[str]]


class Unavailable(Exception):
    """The pod's devices cannot be had on this node."""


class Wanted(NamedTuple):
    container: str
    resource: str
    number: int
    passes_on: bool  # an init container that ends: later containers may have its devices


def wanted(pod: Object, known: Collection[str]) -> Iterator[Wanted]:
    """Resources that are not ``known`` are no device plugin's."""
    for holder in ("initContainers", "containers"):
        for container in pod["spec"].get(holder) or ():
            limits = (container.get("resources") or {}).get("limits") or {}
            claimed = _claimed(pod, container["name"])
            for resource in sorted(set(limits) & set(known) - claimed):
                number = quantities.nanos(limits[resource]) // quantities.NANOS
                if number > 0:
                    passes = holder == "initContainers" and not is_sidecar(container)
                    yield Wanted(container["name"], resource, number, passes)


def _claimed(pod: Object, container: str) -> set[str]:
    """Extended resources that a claim stands for (dynamic resource allocation), not a device plugin."""
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus") or {}
    mappings = extended.get("requestMappings") or ()
    return {each["resourceName"] for each in mappings if each.get("containerName") == container}


def choose(one: Wanted, healthy: Collection[str], used: Collection[str], inherited: Collection[str],
           preferred: Preferred) -> list[str]:  # fmt: skip
    """The ids for one container: what earlier containers of the pod had first. ``used``: by all pods, this one too.
    Raises Unavailable."""
    if not healthy:
        raise Unavailable(f"no healthy devices present; cannot allocate unhealthy devices {one.resource}")
    taken = sorted(set(inherited) & set(healthy))[: one.number]
    missing = one.number - len(taken)
    if not missing:
        return taken
    free = sorted(set(healthy) - set(used) - set(taken))
    if len(free) < missing:
        text = f"Requested: {missing}, Available: {len(free)}"
        raise Unavailable(f"requested number of devices unavailable for {one.resource}. {text}")
    if missing < len(free):
        wished = set(preferred([*taken, *free], taken, one.number))
        free = [each for each in free if each in wished] + [each for each in free if each not in wished]
    return [*taken, *free[:missing]]


class Inheritance:
    """What init containers of one pod have had and later ones may have again, by resource."""

    def __init__(self) -> None:
        self._ids: dict[str, set[str]] = {}

    def of(self, resource: str) -> frozenset[str]:
        return frozenset(self._ids.get(resource, ()))

    def took(self, one: Wanted, ids: Collection[str]) -> None:
        if one.passes_on:
            self._ids.setdefault(one.resource, set()).update(ids)
        else:
            self._ids.get(one.resource, set()).difference_update(ids)


def summed(offers: Mapping[str, tuple[Collection[str], Collection[str]]]) -> dict[str, tuple[int, int]]:
    """All devices and the healthy ones, counted."""
    return {name: (len(every), len(healthy)) for name, (every, healthy) in offers.items()}
