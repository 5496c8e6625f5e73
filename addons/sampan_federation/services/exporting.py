"""EndpointSlices of a Service that a member exports, as other clusters get them. Pure functions.

What a member sends is copied field by field: addresses have to be addresses, numbers and sizes are bounded.
Source: KEP-1645 (multi-cluster services); Karmada's documentation, "Multi-cluster service discovery".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.reading import items, text
from sampan_machinery import names as rules

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
PROVISION_CLUSTER = "endpointslice.karmada.io/provision-cluster"  # annotation, as Karmada's
OURS = "federation.sampan.dev"  # value of MANAGED_BY
DISPATCHED_BY = "endpointslice-dispatch-controller.karmada.io"  # the same, of what a MultiClusterService gives
#: Slices that a federation has put on a member: they are not that member's own, and go no further.
FOREIGN = frozenset({OURS, DISPATCHED_BY, "endpointslice-controller.karmada.io"})

MOST_ENDPOINTS = 1000  # of one slice, as Kubernetes allows
MOST_SLICES = 100  # of one Service in one cluster
MOST_PORTS = 100
PROTOCOLS = ("TCP", "UDP", "SCTP")


def derived(service: str) -> str:
    """The Service that stands for the imported one, named as in Karmada."""
    return f"derived-{service}"


def imported(slices: Iterable[Object], cluster: str, service: str, namespace: str) -> list[Object]:
    """The slices that importing clusters get, sorted by name."""
    labels = {SERVICE_NAME: derived(service), MANAGED_BY: OURS}
    return collected(slices, cluster, namespace, prefix=f"imported-{cluster}", labels=labels)


def collected(
    slices: Iterable[Object], cluster: str, namespace: str, *, prefix: str, labels: Mapping[str, str]
) -> list[Object]:  # fmt: skip
    """The cluster's own slices with other names and labels, sorted by name."""
    found = {}
    for each in slices:
        slice_ = _collected(each, cluster, namespace, prefix, labels)
        if slice_ is not None:
            found[slice_["metadata"]["name"]] = slice_
    return [found[name] for name in sorted(found)][:MOST_SLICES]


def _collected(
    slice_: Object, cluster: str, namespace: str, prefix: str, labels: Mapping[str, str]
) -> Object | None:  # fmt: skip
    metadata = slice_.get("metadata")
    name = f"{prefix}-{text(metadata, 'name')}"
    family = text(slice_, "addressType")
    if family not in ("IPv4", "IPv6") or any(rules.dns_subdomain(name)):
        return None
    given = metadata.get("labels") if isinstance(metadata, dict) else None
    if isinstance(given, dict) and text(given, MANAGED_BY) in FOREIGN:
        return None
    endpoints = [
        each for each in (_endpoint(found, family) for found in items(slice_, "endpoints")) if each is not None
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(labels),
            "annotations": {PROVISION_CLUSTER: cluster},
        },
        "addressType": family,
        "endpoints": endpoints[:MOST_ENDPOINTS],
        "ports": list(_ports(slice_)),
    }


def _endpoint(found: Object, family: str) -> Object | None:
    given = found.get("addresses")
    addresses = [each for each in given[:100] if _is_address(each, family)] if isinstance(given, list) else []
    if not addresses:
        return None
    conditions = found.get("conditions")
    kept = {
        name: conditions[name]
        for name in ("ready", "serving", "terminating")
        if isinstance(conditions, dict) and isinstance(conditions.get(name), bool)
    }
    endpoint: Object = {"addresses": addresses, "conditions": kept}
    for name in ("hostname", "zone"):
        value = text(found, name)
        if value and not any(rules.dns_label(value)):
            endpoint[name] = value
    return endpoint


def _is_address(value: Any, family: str) -> bool:
    """An address that other clusters may send to: not of a machine itself, nor of a link."""
    try:
        address = ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return False
    if address is None or f"IPv{address.version}" != family:
        return False
    return not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)


def _ports(slice_: Object) -> Iterator[Object]:
    for number, found in enumerate(items(slice_, "ports")):
        port = found.get("port")
        if number >= MOST_PORTS:
            return
        if type(port) is int and 0 < port < 65536 and found.get("protocol", "TCP") in PROTOCOLS:
            name = text(found, "name")
            yield {
                "name": name if not name or not any(rules.dns_label(name)) else "",
                "port": port, "protocol": found.get("protocol", "TCP"),
            }  # fmt: skip
