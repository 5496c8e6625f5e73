"""What a claim's status says while its volume grows: allocatedResources, allocatedResourceStatuses and conditions.
Pure; for the controllers that expand volumes and for the node agent. Source: KEP-1790."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.metadata import copy, get_path, now_text

CONTROLLER_RUNS, CONTROLLER_INFEASIBLE = "ControllerResizeInProgress", "ControllerResizeInfeasible"
NODE_PENDING, NODE_RUNS, NODE_INFEASIBLE = "NodeResizePending", "NodeResizeInProgress", "NodeResizeInfeasible"
RESIZING, PENDING = "Resizing", "FileSystemResizePending"
CONTROLLER_ERROR, NODE_ERROR = "ControllerResizeError", "NodeResizeError"
#: On a claim whose volume no node has to expand.
NO_NODE = "volume.kubernetes.io/node-expansion-not-required"
_CONDITIONS = (RESIZING, PENDING, CONTROLLER_ERROR, NODE_ERROR)
_WAITS = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


def state(claim: Object) -> str:
    """Of the storage, "" where nothing is going on."""
    found = get_path(claim, "status", "allocatedResourceStatuses", "storage", default="")
    return str(found or "")


def wanted(claim: Object) -> str:
    return str(get_path(claim, "spec", "resources", "requests", "storage", default="0"))


def told(claim: Object) -> str:
    """The size that the claim's status says, "" before there is one."""
    return str(get_path(claim, "status", "capacity", "storage", default="") or "")


def allocated(claim: Object) -> str:
    return str(get_path(claim, "status", "allocatedResources", "storage", default="") or "")


def is_due_for_controller(claim: Object, volume: Object) -> bool:
    """Whether the claim asks for more than its volume has, and no step is under way that is another program's."""
    if get_path(claim, "status", "phase", default="") != "Bound" or not told(claim):
        return False
    if get_path(volume, "spec", "claimRef", "uid", default="") != claim["metadata"]["uid"]:
        return False
    if quantities.compare(wanted(claim), told(claim)) <= 0:
        return False
    is_tried = bool(allocated(claim)) and quantities.compare(allocated(claim), wanted(claim)) == 0
    if state(claim) in (CONTROLLER_INFEASIBLE, NODE_PENDING, NODE_RUNS, NODE_INFEASIBLE):
        return not is_tried
    return True


def controller_started(claim: Object, size: str, now: float) -> Object:
    """These functions return the fields of the status that change."""
    change = {"allocatedResources": {"storage": size}, "allocatedResourceStatuses": {"storage": CONTROLLER_RUNS}}
    return {**change, "conditions": _conditions(claim, RESIZING, "", now)}


def node_is_next(claim: Object, now: float) -> Object:
    return _marked(claim, NODE_PENDING, PENDING, _WAITS, now)


def node_started(claim: Object, now: float) -> Object:
    return _marked(claim, NODE_RUNS, RESIZING, "", now)


def failed(claim: Object, why: str, now: float, *, node: bool, infeasible: bool) -> Object:
    condition = NODE_ERROR if node else CONTROLLER_ERROR
    if not infeasible:
        return {"conditions": _conditions(claim, condition, why, now)}
    return _marked(claim, NODE_INFEASIBLE if node else CONTROLLER_INFEASIBLE, condition, why, now)


def finished(claim: Object, size: str) -> Object:
    return {
        "capacity": {"storage": size}, "allocatedResources": {"storage": size}, "allocatedResourceStatuses": None,
        "conditions": _others(claim) or None,
    }  # fmt: skip


def _marked(claim: Object, status: str, condition: str, message: str, now: float) -> Object:
    change = {"allocatedResourceStatuses": {"storage": status}}
    return {**change, "conditions": _conditions(claim, condition, message, now)}


def _conditions(claim: Object, type: str, message: str, now: float) -> list[Any]:
    moment = next(
        (one["lastTransitionTime"] for one in get_path(claim, "status", "conditions", default=()) or ()
         if one["type"] == type and one.get("lastTransitionTime")), now_text(now),
    )  # fmt: skip
    one = {"type": type, "status": "True", "lastProbeTime": None, "lastTransitionTime": moment}
    return [*_others(claim), {**one, "message": message} if message else one]


def _others(claim: Object) -> list[Any]:
    """Conditions that do not tell of an expansion."""
    found = get_path(claim, "status", "conditions", default=()) or ()
    return [copy(one) for one in found if one["type"] not in _CONDITIONS]
