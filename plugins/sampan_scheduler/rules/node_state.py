"""NodeName, NodeUnschedulable, TaintToleration, NodePorts and NodeDeclaredFeatures: rules about the node itself."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_podspec.tolerations import tolerates
from sampan_scheduler.nodes import NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.resources import UNSCHEDULABLE_TAINT
from sampan_scheduling.contracts import Verdict

OTHER_NODE = Verdict("node(s) didn't match the requested node name", True, plugin="NodeName")
CORDONED = Verdict("node(s) were unschedulable", True, plugin="NodeUnschedulable")
TAKEN = Verdict("node(s) didn't have free ports for the requested pod ports", plugin="NodePorts")
TAINTED = Verdict("node(s) had untolerated taint(s)", True, plugin="TaintToleration")

LACKING = Verdict("node(s) didn't match Pod's required features", True, plugin="NodeDeclaredFeatures")


def tolerated(pod: PodInfo, taint: Object) -> bool:
    return any(tolerates(toleration, taint) for toleration in pod.object["spec"].get("tolerations") or ())


class NodeName:
    name = "NodeName"
    local = True

    def filters(self, pod: PodInfo) -> bool:
        return bool(pod.object["spec"].get("nodeName"))

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        wanted = pod.object["spec"].get("nodeName")
        return OTHER_NODE if wanted and wanted != node.name else None


class Unschedulable:
    name = "NodeUnschedulable"
    local = True

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        if node.unschedulable and not tolerated(pod, {"key": UNSCHEDULABLE_TAINT, "effect": "NoSchedule"}):
            return CORDONED
        return None


class Taints:
    name = "TaintToleration"
    local = True
    reverse = True  # fewer are better

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        for taint in node.taints:
            if taint.get("effect") in ("NoSchedule", "NoExecute") and not tolerated(pod, taint):
                return TAINTED
        return None

    def raw(self, pod: PodInfo, node: NodeInfo) -> int:
        """How many PreferNoSchedule taints the pod does not tolerate."""
        return sum(t.get("effect") == "PreferNoSchedule" and not tolerated(pod, t) for t in node.taints)


class Ports:
    name = "NodePorts"
    local = True

    def filters(self, pod: PodInfo) -> bool:
        return bool(pod.ports)

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        if pod.ports and any(wanted.clashes(taken) for wanted in pod.ports for taken in node.ports):
            return TAKEN
        return None


class DeclaredFeatures:
    """Nodes that declare what the pod needs of them (KEP-5328)."""

    name = "NodeDeclaredFeatures"
    local = True

    def filters(self, pod: PodInfo) -> bool:
        return bool(pod.features)

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        return None if pod.features <= node.features else LACKING
