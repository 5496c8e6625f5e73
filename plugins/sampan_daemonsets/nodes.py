"""Which nodes a DaemonSet's pods run on, and which node a pod is for. Pure.

Source: NodeShouldRunDaemonPod and daemonset_util.go upstream.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path, labels_of
from sampan_podspec.node_affinity import required_matches
from sampan_podspec.tolerations import tolerates

_NODE = "node.kubernetes.io"
#: What every daemon pod tolerates: (key, effect).
_TOLERATED = (
    (f"{_NODE}/not-ready", "NoExecute"),
    (f"{_NODE}/unreachable", "NoExecute"),
    (f"{_NODE}/disk-pressure", "NoSchedule"),
    (f"{_NODE}/memory-pressure", "NoSchedule"),
    (f"{_NODE}/pid-pressure", "NoSchedule"),
    (f"{_NODE}/unschedulable", "NoSchedule"),
)
_NETWORK = (f"{_NODE}/network-unavailable", "NoSchedule")  # for pods on the node's network


class Fit(NamedTuple):
    """Whether a pod should be started on a node, and whether one that is there stays."""

    runs: bool
    stays: bool


def fit(owner: Object, node: Object) -> Fit:
    spec, name = owner["spec"]["template"].get("spec") or {}, node["metadata"]["name"]
    if spec.get("nodeName") not in (None, "", name) or not required_matches(spec, labels_of(node), name):
        return Fit(False, False)
    found = tolerations(spec)
    effects = {
        taint.get("effect")
        for taint in get_path(node, "spec", "taints", default=())
        if not any(tolerates(toleration, taint) for toleration in found)
    }
    return Fit(effects.isdisjoint({"NoExecute", "NoSchedule"}), "NoExecute" not in effects)


def tolerations(spec: Object) -> list[Object]:
    """The template's own, and those of every daemon pod, which replace one for the same taint."""
    found = [dict(each) for each in spec.get("tolerations") or ()]
    for key, effect in [*_TOLERATED, _NETWORK] if spec.get("hostNetwork") else _TOLERATED:
        wanted = {"key": key, "operator": "Exists", "effect": effect}
        same = [each for each in found if {**each, "tolerationSeconds": None} == {**wanted, "tolerationSeconds": None}]
        for each in same:
            each.pop("tolerationSeconds", None)
        if not same:
            found.append(wanted)
    return found


def on_node(affinity: Object | None, name: str) -> Object:
    """The affinity of the pod for one node: the scheduler places it there and nowhere else."""
    required = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}]}
    own = dict(affinity or {})
    preferred = dict(own.get("nodeAffinity") or {})
    return {**own, "nodeAffinity": {**preferred, "requiredDuringSchedulingIgnoredDuringExecution": required}}


def target_of(pod: Object) -> str:
    """The node that the pod is on or waits for; "" where it names none."""
    if node := get_path(pod, "spec", "nodeName", default=""):
        return str(node)
    path = ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    for term in get_path(pod, *path, default=()):
        for field in term.get("matchFields") or ():
            values = list(field.get("values") or ())
            if field.get("key") == "metadata.name" and field.get("operator") == "In":
                return str(values[0]) if len(values) == 1 else ""
    return ""
