"""How an object is, in one word and a colour. Pure; shared by summaries, the overview and the map.

Source: Kubernetes docs, "Pod Lifecycle" and the status of each workload in the API reference v1.36.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sampan_dashboard.tables import BAD, GOOD, NONE, WARN

Object = Mapping[str, Any]
STARTING = frozenset({"ContainerCreating", "PodInitializing"})


class Health(NamedTuple):
    tone: str
    words: str


def health(obj: Object) -> Health:
    """Of any object; one of an unknown kind is judged by its Ready or Available condition, where it has one."""
    if (obj.get("metadata") or {}).get("deletionTimestamp"):
        return Health(WARN, "Terminating")
    return JUDGES.get(str(obj.get("kind") or ""), by_conditions)(obj)


def pod(obj: Object) -> Health:
    status = obj.get("status") or {}
    phase = str(status.get("phase") or "Unknown")
    if phase == "Succeeded":
        return Health(GOOD, "Completed")
    if phase == "Failed":
        return Health(BAD, str(status.get("reason") or first_end(status) or "Failed"))
    worst = waiting(status)
    if worst:
        return Health(WARN if worst in STARTING else BAD, worst)
    if phase == "Running":
        return Health(GOOD, "Running") if is_true(status, "Ready") else Health(WARN, "Not ready")
    scheduled = condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        return Health(BAD, str(scheduled.get("reason") or "Unschedulable"))
    return Health(WARN, phase)


def waiting(status: Object) -> str:
    """Why a container waits, or why it ended last where it does not run; the worst first."""
    found = []
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state = each.get("state") or {}
        if reason := (state.get("waiting") or {}).get("reason"):
            found.append(str(reason))
        elif (ended := state.get("terminated") or {}) and ended.get("exitCode"):
            found.append(str(ended.get("reason") or "Error"))
    return min(found, key=lambda reason: reason in STARTING, default="")


def first_end(status: Object) -> str:
    for each in status.get("containerStatuses") or ():
        ended = (each.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            return str(ended.get("reason") or "Error")
    return ""


def replicas(ready: str, wanted: Callable[[Object], int]) -> Callable[[Object], Health]:
    def judge(obj: Object) -> Health:
        have, want = int((obj.get("status") or {}).get(ready) or 0), wanted(obj)
        if not want:
            return Health(NONE, "Scaled to 0")
        failed = condition(obj.get("status") or {}, "Progressing").get("status") == "False"
        tone = GOOD if have >= want else BAD if failed or not have else WARN
        return Health(tone, f"{have} of {want} ready")

    return judge


def _replicas(obj: Object) -> int:
    found = (obj.get("spec") or {}).get("replicas")
    return 1 if found is None else int(found)


def job(obj: Object) -> Health:
    status = obj.get("status") or {}
    if is_true(status, "Failed"):
        return Health(BAD, str(condition(status, "Failed").get("reason") or "Failed"))
    if is_true(status, "Complete"):
        return Health(GOOD, "Complete")
    return Health(WARN, "Suspended" if (obj.get("spec") or {}).get("suspend") else "Running")


def node(obj: Object) -> Health:
    status = obj.get("status") or {}
    if not is_true(status, "Ready"):
        return Health(BAD, "Not ready")
    pressing = [
        str(each.get("type"))
        for each in status.get("conditions") or ()
        if each.get("type") != "Ready" and each.get("status") == "True"
    ]
    if pressing:
        return Health(WARN, ", ".join(pressing))
    return Health(WARN, "Cordoned") if (obj.get("spec") or {}).get("unschedulable") else Health(GOOD, "Ready")


def phased(obj: Object) -> Health:
    phase = str((obj.get("status") or {}).get("phase") or "Unknown")
    return Health(GOOD if phase in ("Bound", "Active", "Available") else BAD if phase == "Lost" else WARN, phase)


def by_conditions(obj: Object) -> Health:
    status = obj.get("status")
    for type_ in ("Ready", "Available", "Established"):
        found = condition(status if isinstance(status, dict) else {}, type_)
        if found.get("status") == "True":
            return Health(GOOD, type_)
        if found.get("status") == "False":
            return Health(BAD, str(found.get("reason") or f"Not {type_.lower()}"))
    return Health(NONE, "")


def condition(status: Object, type_: str) -> Object:
    found = status.get("conditions") or ()
    return next((each for each in found if isinstance(each, dict) and each.get("type") == type_), {})


def is_true(status: Object, type_: str) -> bool:
    return condition(status, type_).get("status") == "True"


JUDGES: Mapping[str, Callable[[Object], Health]] = {
    "Pod": pod,
    "Deployment": replicas("availableReplicas", _replicas),
    "StatefulSet": replicas("readyReplicas", _replicas),
    "ReplicaSet": replicas("readyReplicas", _replicas),
    "ReplicationController": replicas("readyReplicas", _replicas),
    "DaemonSet": replicas("numberReady", lambda obj: int((obj.get("status") or {}).get("desiredNumberScheduled") or 0)),
    "Job": job,
    "Node": node,
    "PersistentVolumeClaim": phased,
    "PersistentVolume": phased,
    "Namespace": phased,
}
