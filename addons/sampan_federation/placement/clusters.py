"""What placement knows of a cluster, out of its Cluster object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.placement.spreading import LABEL
from sampan_machinery.metadata import condition_is, is_deleting, labels_of


@dataclass(frozen=True)
class Candidate:
    """One cluster."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    taints: tuple[Mapping[str, Any], ...] = ()
    kinds: frozenset[tuple[str, str]] = frozenset()  # (apiVersion, kind) that it serves
    kinds_complete: bool = False  # whether that is all
    summary: Mapping[str, Any] = field(default_factory=dict)  # status.resourceSummary
    leaving: bool = False

    def groups(self, by: str) -> tuple[str, ...]:
        """The groups it is in by a field or label of spread constraints."""
        if by.startswith(LABEL):
            value = self.labels.get(by.removeprefix(LABEL), "")
            return (value,) if value else ()
        if by == "zone":
            return self.zones
        value = {"cluster": self.name, "region": self.region, "provider": self.provider}.get(by, "")
        return (value,) if value else ()


def candidate_of(cluster: Object) -> Candidate:
    """Of a Cluster object."""
    spec, status = cluster.get("spec") or {}, cluster.get("status") or {}
    zones = tuple(spec.get("zones") or ()) or ((spec["zone"],) if spec.get("zone") else ())
    kinds = frozenset(
        (group.get("groupVersion", ""), entry.get("kind", ""))
        for group in status.get("apiEnablements") or ()
        for entry in group.get("resources") or ()
    )
    return Candidate(
        name=cluster["metadata"]["name"],
        labels=labels_of(cluster),
        provider=spec.get("provider", ""),
        region=spec.get("region", ""),
        zones=zones,
        taints=tuple(spec.get("taints") or ()),
        kinds=kinds,
        kinds_complete=condition_is(status, "CompleteAPIEnablements"),
        summary=status.get("resourceSummary") or {},
        leaving=is_deleting(cluster),
    )
