"""How many replicas an object has, and what one of them requests. Pure. For the kinds that Kubernetes brings; others
have none unless an interpreter says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.quantities import add, compare, is_quantity

#: Where the number is, and what it is if it is not given.
COUNTS = {
    ("apps", "Deployment"): ("replicas", 1),
    ("apps", "StatefulSet"): ("replicas", 1),
    ("apps", "ReplicaSet"): ("replicas", 1),
    ("", "ReplicationController"): ("replicas", 1),
    ("batch", "Job"): ("parallelism", 1),
}


class Demand(NamedTuple):
    """``replicas`` None: the kind has none."""

    replicas: int | None
    requirements: Mapping[str, Any]  # ReplicaRequirements


def demand_of(obj: Object) -> Demand:
    key = (group_of(obj), str(obj.get("kind")))
    spec = obj.get("spec") or {}
    if key == ("", "Pod"):
        return Demand(1, requirements_of(spec, obj))
    if key not in COUNTS:
        return Demand(None, {})
    field, default = COUNTS[key]
    count = spec.get(field)
    if key == ("batch", "Job") and isinstance(spec.get("completions"), int) and isinstance(count, int):
        count = min(count, spec["completions"])
    pod = (spec.get("template") or {}).get("spec") or {}
    return Demand(count if isinstance(count, int) and count >= 0 else default, requirements_of(pod, obj))


def group_of(obj: Mapping[str, Any]) -> str:
    version = str(obj.get("apiVersion", ""))
    return version.partition("/")[0] if "/" in version else ""


def requirements_of(pod: Mapping[str, Any], obj: Object) -> dict[str, Any]:
    """Of one pod: requests, and which nodes it may run on."""
    found: dict[str, Any] = {}
    if requests := requests_of(pod):
        found["resourceRequest"] = requests
    affinity = ((pod.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    nodes = {
        "hardNodeAffinity": affinity, "nodeSelector": pod.get("nodeSelector"), "tolerations": pod.get("tolerations"),
    }  # fmt: skip
    if nodes := {name: value for name, value in nodes.items() if value}:
        found["nodeClaim"] = nodes
    if found and obj["metadata"].get("namespace"):
        found["namespace"] = obj["metadata"]["namespace"]
    if pod.get("priorityClassName"):
        found["priorityClassName"] = pod["priorityClassName"]
    return found


def requests_of(pod: Mapping[str, Any]) -> dict[str, str]:
    """Containers together, or the largest init container where that is more; overhead on top. Limits count where no
    request is given."""
    totals: dict[str, str] = {}
    for container in pod.get("containers") or ():
        for name, amount in _of(container).items():
            totals[name] = add(totals.get(name, "0"), amount)
    for container in pod.get("initContainers") or ():
        for name, amount in _of(container).items():
            if container.get("restartPolicy") == "Always":
                totals[name] = add(totals.get(name, "0"), amount)
            elif compare(amount, totals.get(name, "0")) > 0:
                totals[name] = amount
    for name, amount in (pod.get("overhead") or {}).items():
        totals[name] = add(totals.get(name, "0"), amount)
    return totals


def _of(container: Mapping[str, Any]) -> dict[str, str]:
    resources = container.get("resources") or {}
    both = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: str(amount) for name, amount in both.items() if is_quantity(amount)}
