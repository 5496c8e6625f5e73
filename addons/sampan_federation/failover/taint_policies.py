"""Taints of a cluster by ClusterTaintPolicies. Pure.

A policy adds its taints while its ``addOnConditions`` hold, and removes them while its ``removeOnConditions`` do; in
between, and without the policy, they stay. Source: Karmada v1.19, API reference of policy.karmada.io/v1alpha1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.failover.taints import Taint
from sampan_federation.placement.affinities import why_not
from sampan_federation.placement.clusters import candidate_of
from sampan_machinery.metadata import now_text


def by_policies(cluster: Object, taints: Sequence[Taint], policies: Iterable[Object], now: float) -> list[Taint]:
    """``taints``: what the cluster is to have without them. A taint that it has already keeps its ``timeAdded``.
    Policies count in the order in which they were made, so that two that contradict each other do not take turns."""
    found = list(taints)
    present = {_identity(each): each for each in (cluster.get("spec") or {}).get("taints") or ()}
    conditions = (cluster.get("status") or {}).get("conditions") or ()
    for policy in sorted(policies, key=_age):
        spec = policy.get("spec") or {}
        if spec.get("targetClusters") is not None and why_not(spec["targetClusters"], candidate_of(cluster)):
            continue
        wanted = [_taint(each) for each in spec.get("taints") or ()]
        names = {_identity(each) for each in wanted}
        if _hold(spec.get("addOnConditions"), conditions):
            known = {_identity(each) for each in found}
            added = {"timeAdded": now_text(now)}
            found += [
                present.get(_identity(each)) or {**each, **added} for each in wanted if _identity(each) not in known
            ]
        if _hold(spec.get("removeOnConditions"), conditions):
            found = [each for each in found if _identity(each) not in names]
    return found


def _hold(wanted: Sequence[Mapping[str, Any]] | None, conditions: Sequence[Mapping[str, Any]]) -> bool:
    """All of them; none wanted: no. A condition that the cluster has not does not hold, whatever is wanted of it."""
    statuses = {each.get("type"): each.get("status") for each in conditions}
    return bool(wanted) and all(
        each["conditionType"] in statuses
        and (statuses[each["conditionType"]] in each["statusValues"]) == (each["operator"] == "In")
        for each in wanted or ()
    )


def _age(policy: Object) -> tuple[str, str]:
    metadata = policy["metadata"]
    return str(metadata.get("creationTimestamp") or ""), metadata["name"]


def _identity(taint: Mapping[str, Any]) -> tuple[Any, Any]:
    return taint.get("key"), taint.get("effect")


def _taint(said: Mapping[str, Any]) -> Taint:
    return {field: said[field] for field in ("key", "value", "effect") if said.get(field)}
