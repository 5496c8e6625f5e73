"""Allocates addresses and node ports of Services in the same commit as the Service, so that none is given twice.

A cluster IP is allocated by creating the IPAddress of that name (KEP-1880); a node port by creating a NodePort object
of ours, because upstream's bitmap has no name to collide on. A name that is taken makes the write start again."""

from __future__ import annotations

import copy
import ipaddress
import random
from collections.abc import Iterator
from itertools import chain

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Problem
from sampan_machinery import problems
from sampan_machinery.problems import as_error
from sampan_machinery.resources import IP_ADDRESSES
from sampan_services.defaults import OPEN_TYPES, needs_health_port
from sampan_services.resources import NODE_PORTS
from sampan_services.validation import PROTOCOLS, families

LEAST_RESERVED, MOST_RESERVED = 16, 256
TRIES = 64


class Allocator:
    """The admitter. ``cidr`` and ``ports`` (low, high) are the ranges; ``rng`` the random source."""

    name = "serviceallocation"
    operations = frozenset({"CREATE", "UPDATE", "DELETE"})
    resources = frozenset({"services"})
    subresources = frozenset({"", "status"})
    mutates = True
    priority = 900  # after everything that may change the Service's type or ports

    def __init__(self, cidr: str, ports: tuple[int, int], rng: random.Random) -> None:
        self._network = ipaddress.ip_network(cidr)
        self._low, self._high = ports
        self._rng = rng

    def admit(self, review: Review) -> None:
        old = review.old or {}
        old_ip, old_ports = _own_ip(old), _own_ports(old)
        if review.operation == "DELETE":
            if not (old.get("metadata") or {}).get("finalizers"):
                self._release(review, {old_ip} - {""}, old_ports)
            return
        service = review.object
        if service is None:
            return
        if review.subresource:
            if _is_ended(service):
                self._release(review, {old_ip} - {""}, old_ports)
            return
        # A retried write is handed the sender's dict again: what this attempt fills in must not look sent then.
        spec = service["spec"] = copy.deepcopy(service["spec"])
        found: list[Problem] = []
        if spec["type"] == "ExternalName":
            if spec.get("clusterIP") == "":  # any other, and ``clusterIPs``, validation refuses
                del spec["clusterIP"]
        else:
            agreed = _agree(spec, old.get("spec") or {})
            found += families(spec)  # told alone: upstream prepares these fields before it validates any
            if agreed and not found:
                found += self._cluster_ip(review, spec, old_ip)
        found = found or list(self._node_ports(review, spec, old_ports))
        found = found or list(self._health_port(review, spec, old.get("spec") or {}))
        if found:
            raise as_error(found, group="", kind="Service", name=review.name)
        if _is_ended(service):
            review.also_create.clear()
            self._release(review, {old_ip} - {""}, old_ports)
        else:
            self._release(review, {old_ip} - {"", _own_ip(service)}, old_ports - _own_ports(service))

    def _cluster_ip(self, review: Review, spec: Object, old_ip: str) -> Iterator[Problem]:
        wanted = spec.get("clusterIP") or ""
        if wanted == "None" or (wanted and wanted == old_ip):
            spec["clusterIP"], spec["clusterIPs"] = wanted, [wanted]
            return
        if old_ip and wanted != old_ip and wanted:
            yield problems.invalid("spec.clusterIPs[0]", wanted, "may not change once set")
            return
        if wanted:
            problem = self._unusable(review, wanted)
            if problem:
                yield problems.invalid("spec.clusterIPs", [wanted], problem)
                return
        address = wanted or self._free_ip(review)
        spec["clusterIP"], spec["clusterIPs"] = address, [address]
        review.also_create.append(_ip_allocation(address, review))

    def _unusable(self, review: Review, wanted: str) -> str:
        try:
            address = ipaddress.ip_address(wanted)
        except ValueError:
            return "must be empty, 'None', or a valid IP address"
        if address not in self._network or address in (self._network[0], self._network[-1]):
            why = "the provided network does not match the current range"
            return f"failed to allocate IP {wanted}: {why}"
        if review.reader.get(IP_ADDRESSES, wanted) is not None:
            return f"failed to allocate IP {wanted}: provided IP is already allocated"
        return ""

    def _free_ip(self, review: Review) -> str:
        size = self._network.num_addresses
        first = _reserved(size)
        for _ in range(TRIES):
            address = str(self._network[self._rng.randrange(first, size - 1)])
            if review.reader.get(IP_ADDRESSES, address) is None:
                return address
        for number in (*range(first, size - 1), *range(1, first)):  # nearly full: look at every one
            address = str(self._network[number])
            if review.reader.get(IP_ADDRESSES, address) is None:
                return address
        raise as_error(
            [problems.invalid("spec.clusterIPs", [], "failed to allocate an IP: range is full")],
            group="", kind="Service", name=review.name,
        )  # fmt: skip

    def _node_ports(self, review: Review, spec: Object, old_ports: set[int]) -> Iterator[Problem]:
        if spec["type"] not in OPEN_TYPES:
            return  # validation refuses those of a ClusterIP
        only_asked = spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False
        used: set[tuple[int, str]] = set()
        shared: dict[int, int] = {}  # one number may serve TCP and UDP of the same port
        taken = set(old_ports)
        for index, port in enumerate(spec.get("ports") or ()):
            path = f"spec.ports[{index}].nodePort"
            protocol = port["protocol"]
            number = int(port.get("nodePort") or 0)
            if not number and only_asked:
                continue
            if number and (number, protocol) in used:
                yield problems.duplicate(path, number)
                continue
            if not number:
                number = shared.get(port.get("port", 0), 0)
                if (number, protocol) in used:
                    number = 0
            if not number:
                number = self._free_port(review, taken)
                if not number:
                    yield problems.invalid(path, 0, "failed to allocate a nodePort: range is full")
                    continue
            elif number not in taken and (why := self._unusable_port(review, number)):
                yield problems.invalid(path, number, why)
                continue
            port["nodePort"] = number
            shared[port.get("port", 0)] = number
            used.add((number, protocol))
            if number not in taken:
                taken.add(number)
                review.also_create.append(_port_allocation(number, review))

    def _health_port(self, review: Review, spec: Object, old: Object) -> Iterator[Problem]:
        """The port at which load balancers ask whether a node has endpoints, where that matters to them."""
        if not needs_health_port(spec):
            return  # validation refuses one that was sent
        number, before = int(spec.get("healthCheckNodePort") or 0), int(old.get("healthCheckNodePort") or 0)
        if number and number == before:
            return
        path, taken = "spec.healthCheckNodePort", _own_ports({"spec": spec})
        if before and number:
            yield problems.invalid(path, number, "field is immutable")
            return
        double = any(port.get("nodePort") == number for port in spec.get("ports") or ())
        why = "provided port is already allocated" if double else self._unusable_port(review, number)
        if number and why:
            yield problems.invalid(path, number, why)
            return
        number = number or self._free_port(review, taken)
        if not number:
            yield problems.invalid(path, 0, "failed to allocate a nodePort: range is full")
            return
        spec["healthCheckNodePort"] = number
        review.also_create.append(_port_allocation(number, review))

    def _unusable_port(self, review: Review, number: int) -> str:
        if not self._low <= number <= self._high:
            return f"provided port is not in the valid range. The range of valid ports is {self._low}-{self._high}"
        if _is_allocated(review, number):
            return "provided port is already allocated"
        return ""

    def _free_port(self, review: Review, taken: set[int]) -> int:
        asked_for = min(max((self._high - self._low + 1) // 32, 16), 128)  # low ones are left to those who ask
        first = self._low + asked_for if self._high - self._low > asked_for else self._low
        numbers = list(range(first, self._high + 1))
        start = self._rng.randrange(len(numbers))
        for number in chain(numbers[start:], numbers[:start], range(self._low, first)):
            if number not in taken and not _is_allocated(review, number):
                return number
        return 0

    def _release(self, review: Review, addresses: set[str], ports: set[int]) -> None:
        allocations = {name for number in ports for name in allocation_names(number)}
        for resource, names in ((IP_ADDRESSES, addresses), (NODE_PORTS, allocations)):
            for name in sorted(names):
                allocation = review.reader.get(resource, name)
                parent = ((allocation or {}).get("spec") or {}).get("parentRef") or {}
                # An allocation may meanwhile be another Service's: this one's was given up when its deletion began.
                if (parent.get("namespace"), parent.get("name")) == (review.namespace, review.name):
                    review.also_delete.append(((resource.group, resource.plural), "", name))


def _reserved(size: int) -> int:
    """How many low addresses are given only when asked for by name (KEP-3070)."""
    return min(max(LEAST_RESERVED, size // 16), MOST_RESERVED) if size > 2 * LEAST_RESERVED else 1


def _is_ended(service: Object) -> bool:
    """Whether this write takes away the last that kept a deleted Service."""
    metadata = service["metadata"]
    return bool(metadata.get("deletionTimestamp")) and not metadata.get("finalizers")


def _own_ip(service: Object) -> str:
    spec = service.get("spec") or {}
    address = spec.get("clusterIP") or ""
    return "" if address == "None" or spec.get("type") == "ExternalName" else str(address)


def _agree(spec: Object, old: Object) -> bool:
    """Make clusterIP and clusterIPs one wish, if they are. Clients that know the first alone leave the second as it
    was, or out."""
    one, several = spec.get("clusterIP") or "", list(spec.get("clusterIPs") or ())
    if one and (not several or (several == (old.get("clusterIPs") or []) and one != old.get("clusterIP"))):
        several = [one]
    spec["clusterIP"], spec["clusterIPs"] = one, several
    return several in ([], [one])


def _own_ports(service: Object) -> set[int]:
    return set(node_ports(service.get("spec") or {}))


def node_ports(spec: Object) -> list[int]:
    """All that a Service holds: those of its ports and the one of its health check."""
    found = [int(port["nodePort"]) for port in spec.get("ports") or () if port.get("nodePort")]
    return [*found, *([int(spec["healthCheckNodePort"])] if spec.get("healthCheckNodePort") else [])]


def allocation_names(number: int) -> tuple[str, ...]:
    """The allocation of a node port, which is a Service's for all protocols, and those that 0.1.0 made: one each."""
    return (str(number), *(f"{number}-{protocol.lower()}" for protocol in PROTOCOLS))


def _is_allocated(review: Review, number: int) -> bool:
    return any(review.reader.get(NODE_PORTS, name) is not None for name in allocation_names(number))


def _ip_allocation(address: str, review: Review) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
        "metadata": {
            "name": address,
            "labels": {
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                "ipaddress.kubernetes.io/ip-family": "IPv6" if ":" in address else "IPv4",
            },
        },
        "spec": {"parentRef": {"resource": "services", "namespace": review.namespace, "name": review.name}},
    }  # fmt: skip


def _port_allocation(number: int, review: Review) -> Object:
    return {
        "apiVersion": "allocation.sampan.dev/v1", "kind": "NodePort", "metadata": {"name": str(number)},
        "spec": {"parentRef": {"resource": "services", "namespace": review.namespace, "name": review.name}},
    }  # fmt: skip
