"""Pools of devices, made of ResourceSlices: of each pool the newest generation, and of that what a node can use.

Source: k8s.io/dynamic-resource-allocation/structured (meaning); KEP-4381, KEP-4815.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_devices.allocation.records import Candidate, DeviceId, Node, Pool
from sampan_machinery.quantities import read
from sampan_podspec.node_affinity import term_matches


class Pools:
    """All slices, indexed once. A slice that names its node costs other nodes nothing."""

    def __init__(self, slices: Iterable[Object]) -> None:
        self._pools: dict[tuple[str, str], list[Object]] = {}
        for each in slices:
            _add(self._pools.setdefault(_pool_of(each), []), each)
        self._anywhere: set[tuple[str, str]] = set()
        self._by_node: dict[str, set[tuple[str, str]]] = {}
        for key, members in self._pools.items():
            for each in members:
                name = each["spec"].get("nodeName")
                places = self._by_node.setdefault(name, set()) if name else self._anywhere
                places.add(key)

    def on(self, node: Node) -> list[Pool]:
        """By driver and name; pools whose devices have binding conditions come last, as upstream has it."""
        found = []
        for key in sorted(self._anywhere | self._by_node.get(node.name, set())):
            members = self._pools[key]
            here = [each for each in members if _concerns(each["spec"], node)]
            if here:
                found.append(_pool(key, members, here, node))
        return sorted(found, key=_has_conditions)


def _pool_of(found: Object) -> tuple[str, str]:
    return found["spec"].get("driver") or "", (found["spec"].get("pool") or {}).get("name") or ""


def _generation(found: Object) -> int:
    return int((found["spec"].get("pool") or {}).get("generation") or 0)


def _add(members: list[Object], new: Object) -> None:
    """To its pool; a newer generation replaces an older one, whatever nodes it is for."""
    if members and _generation(new) < _generation(members[0]):
        return
    if members and _generation(new) > _generation(members[0]):
        members.clear()
    members.append(new)


def _concerns(spec: Object, node: Node) -> bool:
    """Shared counters are needed wherever a device of the pool is."""
    if spec.get("sharedCounters"):
        return True
    if spec.get("perDeviceNodeSelection"):
        return any(usable(each, node) for each in spec.get("devices") or ())
    return usable(spec, node)


def usable(holder: Object, node: Node) -> bool:
    """Whether a slice, or a device of one that leaves it to them, can be used on the node."""
    if name := holder.get("nodeName"):
        return bool(name == node.name)
    if holder.get("allNodes"):
        return True
    terms = (holder.get("nodeSelector") or {}).get("nodeSelectorTerms") or ()
    return any(term_matches(term, node.labels, node.name) for term in terms)


def _pool(key: tuple[str, str], members: Sequence[Object], here: Sequence[Object], node: Node) -> Pool:
    driver, name = key
    if len(members) != members[0]["spec"]["pool"].get("resourceSliceCount"):
        return Pool(driver, name, incomplete=True)
    candidates = [each for found in sorted(here, key=_name) for each in _candidates(key, found, node)]
    counters: dict[str, dict[str, int]] = {}
    invalid = _duplicate(here)
    for each in _counter_sets(members):
        if each["name"] in counters:
            invalid = invalid or f"duplicate counter set name {each['name']}"
        counters[each["name"]] = {
            counter: read(value.get("value") or "0").nanos for counter, value in (each.get("counters") or {}).items()
        }
    everywhere = [
        (DeviceId(driver, name, each["name"]), each)
        for found in members
        for each in found["spec"].get("devices") or ()
        if each.get("consumesCounters")
    ]
    invalid = invalid or _unknown_counter((each for _, each in everywhere), counters)
    if invalid:
        return Pool(driver, name, invalid=invalid)
    return Pool(driver, name, candidates, everywhere, counters)


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])


def _candidates(key: tuple[str, str], found: Object, node: Node) -> Iterator[Candidate]:
    own_nodes = found["spec"].get("perDeviceNodeSelection")
    for each in found["spec"].get("devices") or ():
        if not own_nodes or usable(each, node):
            yield Candidate(DeviceId(*key, each["name"]), each, found)


def _duplicate(here: Sequence[Object]) -> str:
    seen: set[str] = set()
    for found in here:
        for each in found["spec"].get("devices") or ():
            if each["name"] in seen:
                return f"duplicate device name {each['name']}"
            seen.add(each["name"])
    return ""


def _counter_sets(members: Iterable[Object]) -> Iterator[Object]:
    for each in members:
        yield from each["spec"].get("sharedCounters") or ()


def _unknown_counter(devices: Iterable[Object], counters: Mapping[str, Mapping[str, Any]]) -> str:
    for device in devices:
        for each in device["consumesCounters"]:
            known = counters.get(each["counterSet"])
            if known is None:
                return f"counter set {each['counterSet']} not found"
            for name in each.get("counters") or ():
                if name not in known:
                    return f"counter {name} not found in counter set {each['counterSet']}"
    return ""


def _has_conditions(pool: Pool) -> bool:
    return any(each.device.get("bindingConditions") for each in pool.candidates)
