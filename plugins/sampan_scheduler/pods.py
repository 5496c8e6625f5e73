"""What the rules read of a pod, computed once when the pod is first seen. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import controller_of
from sampan_machinery.selectors import EQUALS, Selector, from_object
from sampan_machinery.selectors import Requirement as LabelRequirement
from sampan_podspec.requests import pod_requests

#: Requests that count in scores where a pod names none, so that such pods spread too. Source: upstream's non-zero rule.
MIN_CPU, MIN_MEMORY = 100, 200 * 1024 * 1024

#: A label no object can have: the uid of the pod's controller, so that counters can tell its pods.
OWNER = "\0owner"
#: Topology keys and skews of upstream's built-in constraints (KEP-895), both ScheduleAnyway.
DEFAULT_SPREAD = (("kubernetes.io/hostname", 3), ("topology.kubernetes.io/zone", 5))

RELEVANT = (
    "nodeSelector",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "nodeName",
    "overhead",
    "hostNetwork",
)
#: Volumes that bind a pod to no node.
LOCAL = frozenset(("configMap", "downwardAPI", "emptyDir", "projected", "secret"))
_encode = msgspec.json.Encoder(order="deterministic").encode

#: Namespaces that a namespaceSelector stands for.
Namespaces = Callable[[Selector], frozenset[str]]


class Port(NamedTuple):
    address: str
    protocol: str
    number: int

    def clashes(self, other: Port) -> bool:
        """Same port and protocol on overlapping addresses."""
        anywhere = ("", "0.0.0.0")
        overlap = self.address == other.address or self.address in anywhere or other.address in anywhere
        return overlap and self.protocol == other.protocol and self.number == other.number


class Term(NamedTuple):
    """One inter-pod affinity term. ``namespaces`` None: all."""

    topology_key: str
    namespaces: frozenset[str] | None
    selector: Selector
    weight: int = 0

    def matches(self, namespace: str, labels: dict[str, str]) -> bool:
        return (self.namespaces is None or namespace in self.namespaces) and self.selector.matches(labels)


class Spread(NamedTuple):
    topology_key: str
    max_skew: int
    hard: bool
    selector: Selector
    min_domains: int
    honor_affinity: bool
    honor_taints: bool


@dataclass(frozen=True, slots=True)
class PodInfo:
    """A pod with everything the rules read, in the form they read it. cpu is in millicores, the rest in whole units."""

    object: Object
    uid: str
    namespace: str
    name: str
    labels: dict[str, str]
    priority: int
    requests: dict[str, int]
    ports: tuple[Port, ...]
    affinity: tuple[Term, ...]
    anti_affinity: tuple[Term, ...]
    prefers: tuple[Term, ...]  # preferred affinity; anti-affinity with negative weight
    spread: tuple[Spread, ...]
    signature: bytes  # equal for pods that every rule treats alike

    @property
    def ref(self) -> str:
        return f"{self.namespace}/{self.name}"


def read_pod(pod: Object, namespaces: Namespaces) -> PodInfo:
    spec, metadata = pod["spec"], pod["metadata"]
    namespace = metadata["namespace"]
    said = labels = metadata.get("labels") or {}
    owner = controller_of(pod)
    if owner is not None:
        labels = {**said, OWNER: owner["uid"]}
    requests = whole_units(spec)
    ports = tuple(_ports(spec))
    affinity = spec.get("affinity") or {}
    relevant = [*(spec.get(name) for name in RELEVANT), *_volumes(spec, metadata["name"])]
    near, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return PodInfo(
        object=pod,
        uid=metadata["uid"],
        namespace=namespace,
        name=metadata["name"],
        labels=labels,
        priority=spec.get("priority") or 0,
        requests=requests,
        ports=ports,
        affinity=tuple(_term(term, namespace, labels, namespaces) for term in near.get(required) or ()),
        anti_affinity=tuple(_term(term, namespace, labels, namespaces) for term in apart.get(required) or ()),
        prefers=tuple(_preferences(near, apart, namespace, labels, namespaces)),
        spread=tuple(_spread(constraint, labels) for constraint in spec.get("topologySpreadConstraints") or ())
        or _default_spread(labels),
        signature=_encode([namespace, said, requests, ports, spec.get("priority") or 0, relevant]),
    )


def _volumes(spec: Object, pod: str) -> Any:
    """What plugins may read of the pod's volumes: all but those that any node can make."""
    for volume in spec.get("volumes") or ():
        if "ephemeral" in volume:
            yield pod
        if not LOCAL.intersection(volume):
            yield volume


def _default_spread(labels: dict[str, str]) -> tuple[Spread, ...]:
    """What holds for pods that name no constraint: those of one controller avoid each other's zone, then node."""
    if OWNER not in labels:
        return ()
    selector = Selector([LabelRequirement(OWNER, EQUALS, (labels[OWNER],))])
    return tuple(Spread(key, skew, False, selector, 1, True, False) for key, skew in DEFAULT_SPREAD)


def whole_units(spec: Object) -> dict[str, int]:
    """Requests as integers, rounded up: cpu in millicores, all else in its own unit."""
    found = {}
    for name, amount in pod_requests(spec).items():
        found[name] = math.ceil(amount * 1000) if name == "cpu" else math.ceil(amount)
    return found


def _ports(spec: Object) -> Any:
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield Port(port.get("hostIP") or "", port.get("protocol") or "TCP", port["hostPort"])


def _term(term: Object, namespace: str, labels: dict[str, str], namespaces: Namespaces, weight: int = 0) -> Term:
    selector = dict(term.get("labelSelector") or {})
    expressions = list(selector.get("matchExpressions") or ())
    for operator, keys in (("In", term.get("matchLabelKeys")), ("NotIn", term.get("mismatchLabelKeys"))):
        expressions += [{"key": k, "operator": operator, "values": [labels[k]]} for k in keys or () if k in labels]
    if expressions:
        selector["matchExpressions"] = expressions
    compiled = from_object(selector) if term.get("labelSelector") is not None else from_object(None)
    chosen: frozenset[str] | None = frozenset(term.get("namespaces") or ())
    wanted = term.get("namespaceSelector")
    if wanted is not None:
        chosen = (chosen or frozenset()) | namespaces(from_object(wanted)) if wanted else None
    elif not chosen:
        chosen = frozenset((namespace,))
    return Term(term["topologyKey"], chosen, compiled, weight)


def _preferences(near: Object, apart: Object, namespace: str, labels: dict[str, str], namespaces: Namespaces) -> Any:
    for sign, terms in ((1, near), (-1, apart)):
        for preferred in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield _term(preferred["podAffinityTerm"], namespace, labels, namespaces, sign * preferred["weight"])


def _spread(constraint: Object, labels: dict[str, str]) -> Spread:
    selector = dict(constraint.get("labelSelector") or {})
    keys = [key for key in constraint.get("matchLabelKeys") or () if key in labels]
    if keys:
        extra = [{"key": key, "operator": "In", "values": [labels[key]]} for key in keys]
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *extra]
    return Spread(
        topology_key=constraint["topologyKey"],
        max_skew=constraint["maxSkew"],
        hard=constraint["whenUnsatisfiable"] == "DoNotSchedule",
        selector=from_object(selector if constraint.get("labelSelector") is not None else None),
        min_domains=constraint.get("minDomains") or 1,
        honor_affinity=constraint.get("nodeAffinityPolicy", "Honor") == "Honor",
        honor_taints=constraint.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )
