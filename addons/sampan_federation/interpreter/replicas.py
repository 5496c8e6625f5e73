"""Replicas of a workload: how many, what each needs of a node, and the same workload with another number.

Source: Karmada's documentation, "Customizing Resource Interpreter": InterpretReplica and ReviseReplica of the built-in
interpreter. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import count, mapping
from sampan_machinery import quantities
from sampan_machinery.metadata import copy, get_path, set_path
from sampan_podspec.requests import pod_nanos

#: Where each kind keeps its number of replicas.
FIELDS: dict[KindName, str] = {
    kinds.DEPLOYMENT: "replicas",
    kinds.REPLICA_SET: "replicas",
    kinds.STATEFUL_SET: "replicas",
    kinds.JOB: "parallelism",
}


class Replicas(NamedTuple):
    """``requirements``: as in ResourceBinding.spec.replicaRequirements; None if a replica needs nothing."""

    number: int
    requirements: Object | None


def replicas_of(obj: Object) -> Replicas | None:
    """None for a kind without replicas."""
    kind = kind_of(obj)
    if kind == kinds.POD:
        return Replicas(1, requirements_of(obj))
    field = FIELDS.get(kind)
    if field is None:
        return None
    spec = mapping(obj, "spec")
    number = count(spec, field)
    if kind == kinds.JOB and type(spec.get("completions")) is int:
        number = min(number, count(spec, "completions"))
    return Replicas(number, requirements_of(get_path(obj, *kinds.TEMPLATES[kind]) or {}))


def requirements_of(template: Mapping[str, Any]) -> Object | None:
    """What one pod needs: its requests, and where it may run."""
    spec = template.get("spec") or {}
    found: Object = {}
    required = get_path(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    placed = {
        "hardNodeAffinity": required, "nodeSelector": spec.get("nodeSelector"), "tolerations": spec.get("tolerations"),
    }  # fmt: skip
    claim = {name: value for name, value in placed.items() if value}
    if claim:
        found["nodeClaim"] = copy(claim)
    requests = {name: quantities.text_of(nanos, _family(name)) for name, nanos in pod_nanos(spec).items() if nanos}
    if requests:
        found["resourceRequest"] = requests
    if spec.get("priorityClassName"):
        found["priorityClassName"] = spec["priorityClassName"]
    return found or None


def _family(resource: str) -> str:
    return (
        quantities.BINARY if resource.startswith(("memory", "ephemeral-storage", "hugepages-")) else quantities.DECIMAL
    )


def revised(obj: Object, number: int) -> Object:
    """The object with that many replicas; the same object for a kind without replicas."""
    field = FIELDS.get(kind_of(obj))
    if field is None:
        return obj
    changed = copy(obj)
    set_path(changed, ("spec", field), number)
    return changed  # type: ignore[no-any-return]


def divided_completions(completions: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Completions of a Job for each cluster, in proportion to its replicas: largest remainders first, then by name."""
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    shares = {name: completions * weight // total for name, weight in weights.items()}
    rest = completions - sum(shares.values())
    by_remainder = sorted(weights, key=lambda name: (-(completions * weights[name] % total), -weights[name], name))
    for name in by_remainder[:rest]:
        shares[name] += 1
    return shares
