"""Queueing hints: which event may let a pod pass that certain plugins have refused. Pure.

Upstream asks a function of each plugin that refused the pod. Here rules about one node are taken as one: whether all of
them let the pod onto the node that changed is known exactly, whichever of them refused before. Rules about several
nodes are asked what the event is to them. Source: KEP-4247.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_scheduler.nodes import NodeInfo
from sampan_scheduler.pods import PodInfo

SPREAD, NEAR = "PodTopologySpread", "InterPodAffinity"
#: Changes of a node, as ``node_changes`` names them, that the rules about several nodes look at.
_WIDE_CHANGES = {SPREAD: {"added", "labels", "taints"}, NEAR: {"added", "labels"}}
LOCAL = frozenset({
    "NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit",
    "NodeDeclaredFeatures",
})  # fmt: skip

#: Whether the rules about one node let the pod onto it as it is now.
Passes = Callable[[PodInfo, NodeInfo], bool]


class Refused(NamedTuple):
    """A pod that waits, and the plugins that refused it; with none known, anything may help."""

    info: PodInfo
    plugins: frozenset[str]

    @property
    def by_others(self) -> bool:
        """Plugins that are not upstream's own: what they look at is not known."""
        return not self.plugins or any(name not in LOCAL and name not in _WIDE_CHANGES for name in self.plugins)


def node_changes(old: Object | None, new: Object) -> frozenset[str]:
    """What of a node changed that rules read; a heartbeat changes nothing."""
    if old is None:
        return frozenset({"added"})
    was, now = _read_by_rules(old), _read_by_rules(new)
    return frozenset(name for name in now if was[name] != now[name])


def _read_by_rules(node: Object) -> Object:
    spec, status = node.get("spec") or {}, node.get("status") or {}
    return {
        "labels": node["metadata"].get("labels") or {},
        "taints": spec.get("taints") or [],
        "unschedulable": bool(spec.get("unschedulable")),
        "features": status.get("declaredFeatures") or [],
        "allocatable": status.get("allocatable") or {},
        "images": status.get("images") or [],
    }


def after_node(waits: Refused, node: NodeInfo, changes: frozenset[str], passes: Passes) -> bool:
    """A node was added or changed."""
    if waits.by_others:
        return True
    # Also where the rules about the node refuse: from then on it is them that the pod waits for.
    if any(name in waits.plugins and changes & wide for name, wide in _WIDE_CHANGES.items()):
        return True
    return bool(LOCAL & waits.plugins) and passes(waits.info, node)


def after_node_gone(waits: Refused) -> bool:
    """With the node a domain may have gone that kept the smallest count low."""
    return waits.by_others or SPREAD in waits.plugins


def after_pod_gone(waits: Refused, gone: PodInfo, node: NodeInfo, passes: Passes) -> bool:
    """A pod left a node, or stays there and takes less."""
    if waits.by_others or after_pod_placed(waits, gone):
        return True
    if NEAR in waits.plugins and _kept_apart(waits.info, gone):
        return True
    return bool(LOCAL & waits.plugins) and passes(waits.info, node)


def after_pod_placed(waits: Refused, placed: PodInfo) -> bool:
    """A pod came to a node, or its labels changed: others may want to be near it, or count it."""
    info = waits.info
    if NEAR in waits.plugins and any(term.matches(placed.namespace, placed.labels) for term in info.affinity):
        return True
    return (
        SPREAD in waits.plugins
        and placed.namespace == info.namespace
        and any(each.hard and each.selector.matches(placed.labels) for each in info.spread)
    )


def _kept_apart(info: PodInfo, gone: PodInfo) -> bool:
    return any(term.matches(gone.namespace, gone.labels) for term in info.anti_affinity) or any(
        term.matches(info.namespace, info.labels) for term in gone.anti_affinity
    )
