"""What happens to a Pod when it is created, updated or deleted, besides defaults and validation."""

from __future__ import annotations

from sampan.contracts.kinds import Deletion, Draft
from sampan.objects.pods.requests import qos_class

DEFAULT_GRACE = 30  # seconds


def prepare(draft: Draft) -> None:
    """A new pod is Pending with its QoS class; status writes never lose it."""
    pod = draft.object
    if draft.old is None:
        status = pod["status"] = {"phase": "Pending"}
        status["qosClass"] = qos_class(pod.get("spec") or {})
        if (pod.get("spec") or {}).get("schedulingGates"):
            status["conditions"] = [_gated()]
    elif draft.subresource == "status":
        old_class = (draft.old.get("status") or {}).get("qosClass")
        if old_class:
            pod.setdefault("status", {})["qosClass"] = old_class


def _gated() -> dict[str, str]:
    return {
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }  # fmt: skip


def grace(deletion: Deletion) -> int:
    """Seconds: what was asked, else the pod's own; none for a pod that no node has or that has ended."""
    pod = deletion.object
    phase = (pod.get("status") or {}).get("phase")
    if not pod["spec"].get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    if deletion.requested is not None:
        return max(deletion.requested, 0)
    own = pod["spec"].get("terminationGracePeriodSeconds")
    return DEFAULT_GRACE if own is None else max(int(own), 0)
