"""Which clusters a workload may run on at all, and why not on the others. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sampan_federation.placement.affinities import why_not
from sampan_federation.placement.clusters import Candidate
from sampan_federation.placement.grouping import NO_PEERS, Peers
from sampan_federation.placement.spreading import bounds_of
from sampan_federation.placement.tolerating import untolerated, words


def why_unfit(
    cluster: Candidate, *, affinity: Mapping[str, Any], placement: Mapping[str, Any], kind: tuple[str, str],
    running: bool, evicted: bool, peers: Peers = NO_PEERS,
) -> str:  # fmt: skip
    """Why the cluster does not fit; empty if it does. ``running``: the workload is there already, so that taints that
    keep new ones away do not matter, nor that the cluster's kinds are not known at the moment, nor where its ``peers``
    are. ``evicted``: it is being evicted from there."""
    if cluster.leaving:
        return "it leaves the federation"
    if words_of := why_not(affinity, cluster):
        return words_of
    if evicted:
        return "the workload is being evicted from it"
    tolerations = placement.get("clusterTolerations") or ()
    if not running and (taint := untolerated(cluster.taints, tolerations, ("NoSchedule", "NoExecute"))):
        return f"it has the taint {words(taint)}, which is not tolerated"
    if not running and (found := peers.why_not(cluster.name)):
        return found
    if kind not in cluster.kinds and not (running and not cluster.kinds_complete):
        known = "" if cluster.kinds_complete else " as far as is known"
        return f"it does not serve {kind[1]} of {kind[0]}{known}"
    for field in missing_fields(cluster, placement.get("spreadConstraints") or ()):
        return f"it has no {field}, by which workloads are to be spread"
    return ""


def missing_fields(cluster: Candidate, constraints: Iterable[Mapping[str, Any]]) -> Collection[str]:
    """Fields and labels of spread constraints that the cluster has no value of."""
    return [field for field in bounds_of(list(constraints)) if not cluster.groups(field)]
