"""Workloads that run together, or apart: by the value of a label of their templates, within a namespace. Pure.

A workload goes only where every other one of its affinity group is (the first of a group anywhere), and nowhere where
another of its anti-affinity group is. Where it runs already it stays.
Source: Karmada v1.19, API reference of policy.karmada.io (workloadAffinity; behind a feature gate there).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import key_of, labels_of

TOGETHER, APART = "affinityGroup", "antiAffinityGroup"
Placed = Sequence[Mapping[str, Any]]  # spec.clusters


class Peers(NamedTuple):
    """Where the others are."""

    together: tuple[frozenset[str], ...] = ()  # clusters of each other workload of the affinity group
    apart: frozenset[str] = frozenset()  # clusters of all others of the anti-affinity group

    def without(self, clusters: Collection[str]) -> Peers:
        """As if the others of the affinity group had left these clusters: they have to, too."""
        left = (each - set(clusters) for each in self.together)
        return self._replace(together=tuple(each for each in left if each))

    def why_not(self, cluster: str) -> str:
        """Why the workload may not come to the cluster; "" if it may."""
        if any(cluster not in each for each in self.together):
            return "another workload of its affinity group is not there"
        if cluster in self.apart:
            return "another workload of its anti-affinity group is there"
        return ""


NO_PEERS = Peers()


def groups_of(template: Object, placement: Mapping[str, Any]) -> dict[str, str]:
    """``spec.workloadAffinityGroups`` of the template's binding: KEY=VALUE; empty where its labels name no group."""
    said, labels, found = placement.get("workloadAffinity") or {}, labels_of(template), {}
    for field, group in (("affinity", TOGETHER), ("antiAffinity", APART)):
        key = (said.get(field) or {}).get("groupByLabelKey")
        if key and key in labels:
            found[group] = f"{key}={labels[key]}"
    return found


def peers_of(binding: Mapping[str, Any], others: Iterable[tuple[Mapping[str, Any], Placed]]) -> Peers:
    """``others``: bindings of its namespace, each with where it is placed; itself among them does not count."""
    groups = _groups(binding)
    if not groups:
        return NO_PEERS
    together: list[frozenset[str]] = []
    apart: set[str] = set()
    for other, placed in others:
        clusters = frozenset(each["name"] for each in placed)
        if not clusters or key_of(other) == key_of(binding):
            continue
        if groups.get(TOGETHER) and groups[TOGETHER] == _groups(other).get(TOGETHER):
            together.append(clusters)
        if groups.get(APART) and groups[APART] == _groups(other).get(APART):
            apart |= clusters
    return Peers(tuple(together), frozenset(apart))


def are_peers(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two bindings share a group."""
    first, second = _groups(one), _groups(other)
    return any(first.get(each) and first.get(each) == second.get(each) for each in (TOGETHER, APART))


def _groups(binding: Mapping[str, Any]) -> Mapping[str, str]:
    return (binding.get("spec") or {}).get("workloadAffinityGroups") or {}
