"""Which policy an object is propagated by. Pure.

Rules: Karmada docs, "Resource Propagating", priority and preemption.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_federation.names import CLAIMED_BY, CPP_NAME, PP_NAME, PP_NAMESPACE, RESERVED_PREFIXES
from sampan_machinery import selectors
from sampan_machinery.metadata import annotations_of, is_deleting, labels_of

#: How closely a selector matches: the closest wins where priorities are equal.
NOT, ALL, LABELS, NAME = 0, 1, 2, 3


class Reference(NamedTuple):
    """A policy by name; the namespace is empty for a ClusterPropagationPolicy."""

    namespace: str
    name: str


def closeness(selector: Mapping[str, Any], obj: Object, *, namespace: str = "") -> int:
    """How closely a ResourceSelector matches. ``namespace``: of the policy; its selectors select in there only. With a
    name the label selector is not looked at."""
    metadata = obj["metadata"]
    if selector.get("apiVersion") != obj.get("apiVersion") or selector.get("kind") != obj.get("kind"):
        return NOT
    within = namespace or selector.get("namespace") or ""
    if within and metadata.get("namespace", "") != within:
        return NOT
    if selector.get("name"):
        return NAME if selector["name"] == metadata["name"] else NOT
    if selector.get("labelSelector") is None:
        return ALL
    try:
        return LABELS if selectors.from_object(selector["labelSelector"]).matches(labels_of(obj)) else NOT
    except (StatusError, ValueError):
        return NOT


def matches(policy: Object, obj: Object) -> int:
    """How closely the policy's closest selector matches."""
    namespace = policy["metadata"].get("namespace", "")
    spec = policy.get("spec") or {}
    return max((closeness(each, obj, namespace=namespace) for each in spec.get("resourceSelectors") or ()), default=NOT)


def reserved(obj: Object) -> bool:
    """Objects of the system are never propagated."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace", "")
    own = metadata["name"] if obj.get("kind") == "Namespace" else namespace
    group = str(obj.get("apiVersion", "")).partition("/")[0]
    return (
        own.startswith(RESERVED_PREFIXES)
        or group in ("policy.karmada.io", "work.karmada.io", "cluster.karmada.io", "config.karmada.io")
        or (namespace, metadata["name"], obj.get("kind")) == ("default", "kubernetes", "Service")
    )


def taken_by(obj: Object) -> Reference | None:
    """The policy that the object says it is propagated by."""
    found = annotations_of(obj)
    if found.get(PP_NAME) and found.get(PP_NAMESPACE):
        return Reference(found[PP_NAMESPACE], found[PP_NAME])
    return Reference("", found[CPP_NAME]) if found.get(CPP_NAME) else None


def reference_of(policy: Object) -> Reference:
    return Reference(policy["metadata"].get("namespace", ""), policy["metadata"]["name"])


def choose(obj: Object, namespaced: Sequence[Object], clusterwide: Sequence[Object]) -> Object | None:
    """The policy that is to propagate the object. One that has it keeps it while it matches, unless another that
    preempts (``preemption: Always``) stands above it. What is claimed by another kind has no policy."""
    if reserved(obj) or labels_of(obj).get(CLAIMED_BY):
        return None
    first = _matching(obj, (each for each in namespaced if _near(each, obj)))
    second = _matching(obj, clusterwide)
    current = taken_by(obj)
    holder = next((each for each in (*first, *second) if reference_of(each) == current), None)
    if holder is None:
        best = first or second
        return best[0] if best else None
    preempting = [each for each in (*first, *second) if _preempts(each, holder)]
    return preempting[0] if preempting else holder


def _near(policy: Object, obj: Object) -> bool:
    return bool(policy["metadata"].get("namespace", "") == obj["metadata"].get("namespace", ""))


def _matching(obj: Object, policies: Iterable[Object]) -> list[Object]:
    """Best first: by priority, how closely it matches, and name."""
    found = [(matches(each, obj), each) for each in policies if not is_deleting(each)]
    order = sorted(
        (each for each in found if each[0]),
        key=lambda each: (-_priority(each[1]), -each[0], each[1]["metadata"]["name"]),
    )
    return [policy for _, policy in order]


def _preempts(policy: Object, holder: Object) -> bool:
    """A namespaced policy stands above one of the whole cluster; else the priority decides."""
    if (policy.get("spec") or {}).get("preemption") != "Always" or reference_of(policy) == reference_of(holder):
        return False
    here, there = bool(policy["metadata"].get("namespace")), bool(holder["metadata"].get("namespace"))
    return here if here != there else _priority(policy) > _priority(holder)


def _priority(policy: Object) -> int:
    return int((policy.get("spec") or {}).get("priority") or 0)
