"""What of Pods, Namespaces and NetworkPolicies matters to policies; everything else is not kept in memory. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_podspec.containers import walk

OVER = ("Succeeded", "Failed")
NAME_LABEL = "kubernetes.io/metadata.name"


class PolicyPod(NamedTuple):
    """A pod as policies see it: one with a network of its own and at least one address."""

    namespace: str
    name: str
    node: str
    labels: Mapping[str, str]
    addresses: tuple[str, ...]
    ports: frozenset[tuple[str, str, int]]  # (name, protocol in small letters, number)


def lean_pod(pod: Object) -> Object:
    """What an informer keeps of a Pod."""
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    return {
        "metadata": _lean_metadata(metadata),
        "spec": {
            "nodeName": spec.get("nodeName", ""),
            "hostNetwork": bool(spec.get("hostNetwork")),
            "containers": [{"name": "", "ports": ports} for ports in _port_lists(spec)],
        },
        "status": {"phase": status.get("phase", ""), "podIPs": status.get("podIPs") or ()},
    }


def lean_namespace(namespace: Object) -> Object:
    """What an informer keeps of a Namespace."""
    return {"metadata": _lean_metadata(namespace["metadata"])}


def _lean_metadata(metadata: Object) -> Object:
    kept = ("name", "namespace", "uid", "resourceVersion", "labels", "creationTimestamp", "deletionTimestamp")
    return {key: metadata[key] for key in kept if key in metadata}


def _port_lists(spec: Object) -> list[list[Object]]:
    return [named for _, one in walk(spec) if (named := [p for p in one.get("ports") or () if p.get("name")])]


def same(old: Object | None, new: Object | None) -> bool:
    """Whether a change of a lean object changes nothing for policies."""
    if old is None or new is None:
        return False
    return _without_revision(old) == _without_revision(new)


def _without_revision(lean: Object) -> Object:
    return {**lean, "metadata": {**lean["metadata"], "resourceVersion": ""}}


def policy_pods(pods: Iterable[Object], starting: Mapping[str, tuple[str, ...]] | None = None) -> list[PolicyPod]:
    """The pods that policies are about. ``starting``: uid → addresses that the API does not show yet.

    An address that several pods show belongs to the one that starts now, else to the newest that is not being deleted:
    the others have ended and the API has not been told yet.
    """
    now = starting or {}
    ordered = sorted(pods, key=lambda pod: _claim(pod, now), reverse=True)
    taken: set[str] = set()
    found = []
    for pod in ordered:
        one = _policy_pod(pod, now.get(pod["metadata"].get("uid", "")), taken)
        if one is not None:
            taken.update(one.addresses)
            found.append(one)
    return found


def _claim(pod: Object, starting: Mapping[str, tuple[str, ...]]) -> tuple[bool, bool, str, str, str]:
    metadata = pod["metadata"]
    return (
        metadata.get("uid", "") in starting, not metadata.get("deletionTimestamp"),
        str(metadata.get("creationTimestamp") or ""), metadata.get("namespace", ""), metadata["name"],
    )  # fmt: skip


def _policy_pod(pod: Object, starting: tuple[str, ...] | None, taken: set[str]) -> PolicyPod | None:
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    if spec.get("hostNetwork") or (status.get("phase") in OVER and starting is None):
        return None
    shown = (one.get("ip", "") for one in status.get("podIPs") or ()) if starting is None else starting
    addresses = tuple(ip for ip in shown if ip and ip not in taken)
    if not addresses:
        return None
    ports = frozenset(
        (port["name"], str(port.get("protocol") or "TCP").lower(), int(port["containerPort"]))
        for listed in _port_lists(spec) for port in listed
    )  # fmt: skip
    return PolicyPod(
        metadata["namespace"],
        metadata["name"],
        spec.get("nodeName", ""),
        metadata.get("labels") or {},
        addresses,
        ports,
    )


def is_loopback(address: str) -> bool:
    """Whether the pod shares the node's loopback interface, where nothing can be filtered for it."""
    return ipaddress.ip_address(address).is_loopback


def family(address: str) -> int:
    """4 or 6, of an address or a range."""
    return 6 if ":" in address else 4
