"""What the rules read of a pod, computed once when the pod is first seen. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import controller_of
from sampan_machinery.selectors import EQUALS, Selector, from_object
from sampan_machinery.selectors import Requirement as LabelRequirement
from sampan_podspec.containers import is_sidecar
from sampan_scheduler.requests import effective_spec, nonzero_requests, whole_units

#: A label no object can have: the uid of the pod's controller, so that counters can tell its pods.
OWNER = "\0owner"
#: Kinds of controllers whose pods spread unasked. Source: upstream's default selector for topology spread.
SPREADING = frozenset({"ReplicaSet", "ReplicationController", "StatefulSet"})
#: Upstream's built-in constraints (KEP-1258).
DEFAULT_SPREAD: tuple[Object, ...] = (
    {"topologyKey": "kubernetes.io/hostname", "maxSkew": 3, "whenUnsatisfiable": "ScheduleAnyway"},
    {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 5, "whenUnsatisfiable": "ScheduleAnyway"},
)
HOSTNAME = "kubernetes.io/hostname"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

RELEVANT = (
    "nodeSelector",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "nodeName",
    "overhead",
    "hostNetwork",
    "schedulerName",
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
    """One topology spread constraint. ``selector`` counts placed pods; an empty one counts none (upstream's rule)."""

    topology_key: str
    max_skew: int
    hard: bool
    selector: Selector
    counts_itself: bool
    min_domains: int
    honor_affinity: bool
    honor_taints: bool


class Defaults(NamedTuple):
    """Spread constraints of pods that name none. ``system``: the built-in ones, which nodes without the label pass."""

    constraints: tuple[Object, ...] = DEFAULT_SPREAD
    system: bool = True


SYSTEM_DEFAULTS = Defaults()


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
    nonzero: tuple[int, int]  # cpu and memory as scores count them: containers without a request have a least one
    ports: tuple[Port, ...]
    affinity: tuple[Term, ...]
    anti_affinity: tuple[Term, ...]
    prefers: tuple[Term, ...]  # preferred affinity; anti-affinity with negative weight
    spread: tuple[Spread, ...]
    spreads_by_default: bool  # ``spread`` holds the built-in constraints
    names_namespaces: bool  # a term selects namespaces by label
    node_names: frozenset[str] | None  # its node affinity names these nodes; None: it names none
    images: tuple[str, ...]  # as nodes name them, with a tag
    features: frozenset[str]  # that its node has to declare
    containers: int  # with init containers
    terminating: bool
    signature: bytes  # equal for pods that every rule treats alike

    @property
    def ref(self) -> str:
        return f"{self.namespace}/{self.name}"


def read_pod(pod: Object, namespaces: Namespaces, defaults: Defaults = SYSTEM_DEFAULTS) -> PodInfo:
    spec, metadata = pod["spec"], pod["metadata"]
    namespace = metadata["namespace"]
    said = labels = metadata.get("labels") or {}
    owner = controller_of(pod)
    if owner is not None:
        labels = {**said, OWNER: owner["uid"]}
    needed = effective_spec(pod)
    requests = whole_units(needed)
    nonzero = nonzero_requests(needed, requests)
    ports = tuple(_ports(spec))
    affinity = spec.get("affinity") or {}
    near, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    spread = tuple(_spread(each, labels) for each in spec.get("topologySpreadConstraints") or ())
    by_default = not spread and owner is not None and owner.get("kind") in SPREADING
    if by_default:
        selector = Selector([LabelRequirement(OWNER, EQUALS, (labels[OWNER],))])
        spread = tuple(_spread(each, labels)._replace(selector=selector, counts_itself=True)
                       for each in defaults.constraints)  # fmt: skip
    images = tuple(_images(spec))
    features = frozenset(_features(spec))
    kind = [namespace, said, requests, nonzero, ports, spec.get("priority") or 0, images]
    kind += [*(spec.get(name) for name in RELEVANT), *_volumes(spec, metadata["name"])]
    if spec.get("resourceClaims"):
        kind += [spec["resourceClaims"], (pod.get("status") or {}).get("resourceClaimStatuses")]
    if features:
        kind.append(sorted(features))
    if by_default and not defaults.system:
        kind.append(labels[OWNER])
    return PodInfo(
        object=pod,
        uid=metadata["uid"],
        namespace=namespace,
        name=metadata["name"],
        labels=labels,
        priority=spec.get("priority") or 0,
        requests=requests,
        nonzero=nonzero,
        ports=ports,
        affinity=tuple(_term(term, namespace, labels, namespaces) for term in near.get(REQUIRED) or ()),
        anti_affinity=tuple(_term(term, namespace, labels, namespaces) for term in apart.get(REQUIRED) or ()),
        prefers=tuple(_preferences(near, apart, namespace, labels, namespaces)),
        spread=spread,
        spreads_by_default=by_default and defaults.system,
        names_namespaces=bool(affinity) and any(_terms_with_selector(near, apart)),
        node_names=_node_names(affinity.get("nodeAffinity") or {}) if affinity else None,
        images=images,
        features=features,
        containers=len(spec.get("containers") or ()) + len(spec.get("initContainers") or ()),
        terminating=bool(metadata.get("deletionTimestamp")),
        signature=_encode(kind),
    )


def _volumes(spec: Object, pod: str) -> Any:
    """What plugins may read of the pod's volumes: all but those that any node can make."""
    for volume in spec.get("volumes") or ():
        if "ephemeral" in volume:
            yield pod
        if not LOCAL.intersection(volume):
            yield volume


def _terms_with_selector(*affinities: Object) -> Any:
    for affinity in affinities:
        terms = list(affinity.get(REQUIRED) or ())
        terms += [preferred["podAffinityTerm"] for preferred in affinity.get(PREFERRED) or ()]
        yield any(term.get("namespaceSelector") for term in terms)


def _node_names(node_affinity: Object) -> frozenset[str] | None:
    """Nodes that the required terms name by metadata.name; None when one of them names none."""
    terms = (node_affinity.get(REQUIRED) or {}).get("nodeSelectorTerms")
    if not terms:
        return None
    found: set[str] = set()
    for term in terms:
        named = [
            frozenset(field.get("values") or ()) for field in term.get("matchFields") or ()
            if field["key"] == "metadata.name" and field["operator"] == "In"
        ]  # fmt: skip
        if not named:
            return None
        found |= frozenset.intersection(*named)
    return frozenset(found)


def _images(spec: Object) -> Any:
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        if container.get("image"):
            yield image_name(container["image"])
    for volume in spec.get("volumes") or ():
        if (volume.get("image") or {}).get("reference"):
            yield image_name(volume["image"]["reference"])


def _features(spec: Object) -> Any:
    """Features of nodes without which the pod would not run as it says. Source: KEP-5328."""
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        if any(rule.get("action") == "RestartAllContainers" for rule in container.get("restartPolicyRules") or ()):
            yield "RestartAllContainersOnContainerExits"
    if spec.get("hostNetwork") and spec.get("hostUsers") is False:
        yield "UserNamespacesHostNetworkSupport"


def image_name(name: str) -> str:
    """With a tag, as nodes report it."""
    return f"{name}:latest" if name.rfind(":") <= name.rfind("/") else name


def _ports(spec: Object) -> Any:
    """Host ports that are taken as long as the pod runs: not those of init containers that end."""
    sidecars = [container for container in spec.get("initContainers") or () if is_sidecar(container)]
    for container in (*(spec.get("containers") or ()), *sidecars):
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
        for preferred in terms.get(PREFERRED) or ():
            yield _term(preferred["podAffinityTerm"], namespace, labels, namespaces, sign * preferred["weight"])


def _spread(constraint: Object, labels: dict[str, str]) -> Spread:
    selector = dict(constraint.get("labelSelector") or {})
    keys = [key for key in constraint.get("matchLabelKeys") or () if key in labels]
    if keys:
        extra = [{"key": key, "operator": "In", "values": [labels[key]]} for key in keys]
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *extra]
    counted = from_object(selector if constraint.get("labelSelector") is not None else None)
    return Spread(
        topology_key=constraint["topologyKey"],
        max_skew=constraint["maxSkew"],
        hard=constraint["whenUnsatisfiable"] == "DoNotSchedule",
        selector=Selector(nothing=True) if counted.empty else counted,
        counts_itself=counted.matches(labels),
        min_domains=constraint.get("minDomains") or 1,
        honor_affinity=(constraint.get("nodeAffinityPolicy") or "Honor") == "Honor",
        honor_taints=constraint.get("nodeTaintsPolicy") == "Honor",
    )
