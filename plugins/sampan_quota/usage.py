"""What an object uses of a quota, kind by kind. Pure. Source: upstream's quota evaluators.

Amounts are ``Quantity``: exact, with the suffixes of the first amount that was added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.quantities import DECIMAL, NANOS, Quantity
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS, PODS, SERVICES
from sampan_quota.amounts import REQUESTS, is_native
from sampan_quota.podusage import constrain_pod, pod_usage
from sampan_quota.scopes import InScope, claim_in_scope, in_no_scope, pod_in_scope

Usage = dict[str, Quantity]

CLAIMS = "resourceclaims.resource.k8s.io"
_BY_CLASS = ".storageclass.storage.k8s.io/"
_BY_DEVICE_CLASS = ".deviceclass.resource.k8s.io/devices"
_MOST_DEVICES = 32  # of one request with allocationMode All
_DEPRECATED_CLASS = "volume.beta.kubernetes.io/storage-class"
#: Counted under their bare names as well.
_ALIASES = frozenset({"configmaps", "resourcequotas", "replicationcontrollers", "secrets"})
#: Never counted: what is not stored, and events.
IGNORED = frozenset({
    "bindings", "componentstatuses", "events", "events.events.k8s.io", "tokenreviews.authentication.k8s.io",
    "selfsubjectreviews.authentication.k8s.io", "subjectaccessreviews.authorization.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io", "localsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
})  # fmt: skip


class Evaluator(NamedTuple):
    """How the objects of one kind are counted."""

    counts: Callable[[str], bool]  # whether a quota's resource of this name counts them
    usage: Callable[[Object, float], Usage]  # given the time as well: a pod that should be gone counts no more
    in_scope: InScope = in_no_scope
    #: What is wrong with an object under a quota of these resources, "" for nothing.
    constrain: Callable[[Iterable[str], Object], str] = lambda names, obj: ""
    counts_only: bool = False  # each object is one, whatever it says


def evaluator_of(group_resource: str) -> Evaluator:
    """That of a kind by ``pods``, ``deployments.apps`` …; every kind has one."""
    return _SPECIAL.get(group_resource) or _counting(group_resource)


def one() -> Quantity:
    return whole(1)


def whole(number: int) -> Quantity:
    return Quantity(number * NANOS, DECIMAL)


def add(left: Mapping[str, Quantity], right: Mapping[str, Quantity]) -> Usage:
    total = dict(left)
    for name, amount in right.items():
        there = total.get(name)
        total[name] = amount if there is None else plus(there, amount)
    return total


def plus(left: Quantity, right: Quantity) -> Quantity:
    return Quantity(left.nanos + right.nanos, left.family if left.nanos else right.family)


def raised(new: Mapping[str, Quantity], old: Mapping[str, Quantity]) -> Usage:
    """By how much ``new`` is more than ``old``, where it is more."""
    more = {name: amount.nanos - old.get(name, whole(0)).nanos for name, amount in new.items()}
    return {name: Quantity(nanos, new[name].family) for name, nanos in more.items() if nanos > 0}


def count_name(group_resource: str) -> str:
    return f"count/{group_resource}"


@lru_cache(1024)
def _counting(group_resource: str) -> Evaluator:
    names = {count_name(group_resource), *({group_resource} & _ALIASES)}
    usage = dict.fromkeys(sorted(names), one())
    return Evaluator(names.__contains__, lambda obj, now: usage, counts_only=True)


def _service_usage(service: Object, now: float) -> Usage:
    spec = service.get("spec") or {}
    ports, kind = spec.get("ports") or (), spec.get("type")
    node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        node_ports = sum(1 for port in ports if port.get("nodePort"))
    return {
        "services": one(),
        count_name("services"): one(),
        "services.nodeports": whole(node_ports),
        "services.loadbalancers": whole(kind == "LoadBalancer"),
    }


_OF_SERVICES = frozenset({"services", "services.nodeports", "services.loadbalancers", count_name("services")})


def _claim_usage(claim: Object, now: float) -> Usage:
    """A PersistentVolumeClaim's: itself and its storage, each also under the name of its class."""
    spec, annotations = claim.get("spec") or {}, claim["metadata"].get("annotations") or {}
    name = annotations.get(_DEPRECATED_CLASS) or spec.get("storageClassName") or ""
    used = {"persistentvolumeclaims": one()}
    storage = _storage(claim)
    if storage is not None:
        used["requests.storage"] = storage
    if name:
        used |= {f"{name}{_BY_CLASS}{resource}": amount for resource, amount in used.items()}
    return {**used, count_name("persistentvolumeclaims"): one()}


def _storage(claim: Object) -> Quantity | None:
    """What is asked for, or what has been allocated where that is more; in whole bytes."""
    asked = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        return None
    found = quantities.read(asked)
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    if allocated is not None and quantities.nanos(allocated) > found.nanos:
        found = quantities.read(allocated)
    return Quantity(-(-found.nanos // NANOS) * NANOS, found.family)


def _counts_claims(name: str) -> bool:
    return name in (
        "persistentvolumeclaims",
        "requests.storage",
        count_name("persistentvolumeclaims"),
    ) or name.endswith((f"{_BY_CLASS}persistentvolumeclaims", f"{_BY_CLASS}requests.storage"))


def _device_usage(claim: Object, now: float) -> Usage:
    """A ResourceClaim's: itself, and the devices by class that it may get at most."""
    used: Usage = {count_name(CLAIMS): one()}
    for request in ((claim.get("spec") or {}).get("devices") or {}).get("requests") or ():
        alternatives = request.get("firstAvailable") or [request.get("exactly") or {}]
        most: Usage = {}
        for each in alternatives:
            name, number = f"{each.get('deviceClassName') or ''}{_BY_DEVICE_CLASS}", _devices(each)
            most[name] = max(most.get(name, whole(0)), whole(number))
        used = add(used, {name: amount for name, amount in most.items() if name != _BY_DEVICE_CLASS})
    return used


def _devices(request: Object) -> int:
    mode = request.get("allocationMode") or "ExactCount"
    return int(request.get("count") or 1) if mode == "ExactCount" else _MOST_DEVICES if mode == "All" else 0


_OF_PODS = frozenset({
    count_name("pods"), "pods", "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory",
    "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage",
})  # fmt: skip


def _counts_pods(name: str) -> bool:
    if name in _OF_PODS or name.startswith(("hugepages-", "requests.hugepages-")):
        return True
    return name.startswith(REQUESTS) and (
        not is_native(name) or name.startswith("requests.deviceclass.resource.kubernetes.io/")
    )


_SPECIAL = {
    PODS.group_resource: Evaluator(_counts_pods, pod_usage, pod_in_scope, constrain_pod),
    SERVICES.group_resource: Evaluator(_OF_SERVICES.__contains__, _service_usage),
    PERSISTENT_VOLUME_CLAIMS.group_resource: Evaluator(_counts_claims, _claim_usage, claim_in_scope),
    CLAIMS: Evaluator(lambda name: name == count_name(CLAIMS) or name.endswith(_BY_DEVICE_CLASS), _device_usage),
}
