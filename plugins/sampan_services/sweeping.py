"""Releases addresses and ports whose Service is deleted (upstream's repair loops, but on events)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Key, Observed, Reconciler, Remove, Requeue, Watching
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import IP_ADDRESSES, SERVICES
from sampan_services.allocation import allocation_names, node_ports
from sampan_services.resources import NODE_PORTS

SETTLING = 60.0  # seconds an allocation may stand before its Service is seen


def _decider(resource: Resource) -> Callable[[Key, Observed], Iterator[Action]]:
    def decide(key: Key, seen: Observed) -> Iterator[Action]:
        allocation = seen.get(resource, key.name)
        if allocation is None:
            return
        parent = (allocation.get("spec") or {}).get("parentRef") or {}
        if parent.get("resource") != "services" or parent.get("group"):
            return
        service = seen.get(SERVICES, parent.get("name", ""), parent.get("namespace", ""))
        if service is not None and key.name in _allocations(service):
            return
        age = seen.now - parse_time(allocation["metadata"]["creationTimestamp"])
        if age < SETTLING:
            yield Requeue(SETTLING - age + 1)
        else:
            yield Remove(resource, key.name, uid=allocation["metadata"]["uid"])

    return decide


def _allocations(service: Object) -> set[str]:
    spec = service["spec"]
    ports = {name for number in node_ports(spec) for name in allocation_names(number)}
    return ports | set(spec.get("clusterIPs") or ()) | {spec.get("clusterIP") or ""}


def _allocations_of(resource: Resource) -> Callable[[Object, Observed], Sequence[Key]]:
    def keys(service: Object, seen: Observed) -> Sequence[Key]:
        return [Key("", name) for name in _allocations(service) if seen.get(resource, name) is not None]

    return keys


RECONCILERS = [
    Reconciler(
        name=name, primary=resource, watches=(Watching(SERVICES, _allocations_of(resource)),), decide=_decider(resource)
    )
    for name, resource in (("ipaddresses", IP_ADDRESSES), ("nodeports", NODE_PORTS))
]
