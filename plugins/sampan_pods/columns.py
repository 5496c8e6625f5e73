"""What ``kubectl get pods`` shows. Source: the meaning of upstream's printer, seen from its output."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable
from typing import Any

from sampan.contracts.kinds import Column, Object
from sampan.objects.pods.containers import is_sidecar

GONE_NODE = "NodeLost"


def status_text(pod: Object) -> str:
    """The STATUS word: the reason that matters most to a reader."""
    status = pod.get("status") or {}
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    starting = _initializing(pod, status)
    if starting:
        reason = starting
    else:
        reason = _running_reason(pod, status, reason)
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == GONE_NODE:
            return "Unknown"
        if status.get("phase") not in ("Failed", "Succeeded"):
            return "Terminating"
    return reason


def _initializing(pod: Object, status: Object) -> str:
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if is_sidecar(c)}
    statuses = status.get("initContainerStatuses") or ()
    for index, container in enumerate(statuses):
        state = container.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting")
        if terminated is not None and terminated.get("exitCode") == 0:
            continue
        if container["name"] in sidecars and container.get("started"):
            continue
        if terminated is not None:
            return f"Init:{_ending(terminated)}"
        if waiting and waiting.get("reason") not in (None, "", "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(pod['spec'].get('initContainers') or ())}"
    return ""


def _running_reason(pod: Object, status: Object, reason: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses") or ()):
        state = container.get("state") or {}
        waiting, terminated = state.get("waiting"), state.get("terminated")
        if waiting and waiting.get("reason"):
            reason = waiting["reason"]
        elif terminated is not None:
            reason = _ending(terminated)
        elif container.get("ready") and state.get("running") is not None:
            running = True
    if reason == "Completed" and running:
        return "Running" if _is_ready(status) else "NotReady"
    return reason


def _ending(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _is_ready(status: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())


def ready_text(pod: Object) -> str:
    """``2/3``: ready of all, sidecars counted."""
    status = pod.get("status") or {}
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if is_sidecar(c)}
    ready = sum(bool(c.get("ready")) for c in status.get("containerStatuses") or ())
    ready += sum(bool(c.get("ready")) for c in status.get("initContainerStatuses") or () if c["name"] in sidecars)
    return f"{ready}/{len(pod['spec'].get('containers') or ()) + len(sidecars)}"


def restarts_text(pod: Object) -> str:
    """``3 (5m ago)``: how often, and when last."""
    statuses = list(_all_statuses(pod))
    count = sum(c.get("restartCount") or 0 for c in statuses)
    ends = [((c.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for c in statuses]
    last = max((end for end in ends if end), default="")
    if not count or not last:
        return str(count)
    from sampan.objects.tables import human_duration

    when = datetime.datetime.fromisoformat(last).timestamp()
    return f"{count} ({human_duration(time.time() - when)} ago)"


def _all_statuses(pod: Object) -> Iterable[Object]:
    status = pod.get("status") or {}
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if is_sidecar(c)}
    yield from status.get("containerStatuses") or ()
    yield from (c for c in status.get("initContainerStatuses") or () if c["name"] in sidecars or not _started(pod))


def _started(pod: Object) -> bool:
    return bool((pod.get("status") or {}).get("containerStatuses")) and status_text(pod)[:5] != "Init:"


def _gates_text(pod: Object) -> str:
    gates = pod["spec"].get("readinessGates") or ()
    if not gates:
        return "<none>"
    true = {c["type"] for c in (pod.get("status") or {}).get("conditions") or () if c["status"] == "True"}
    return f"{sum(gate['conditionType'] in true for gate in gates)}/{len(gates)}"


def _status(*path: str) -> Any:
    def cell(pod: Object) -> str:
        value: Any = pod.get("status") or {}
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return str(value) if value else "<none>"

    return cell


COLUMNS = (
    Column("Name", lambda pod: pod["metadata"]["name"], format="name"),
    Column("Ready", ready_text),
    Column("Status", status_text),
    Column("Restarts", restarts_text),
    Column("Age", lambda pod: pod["metadata"].get("creationTimestamp"), type="date"),
    Column("IP", _status("podIP"), priority=1),
    Column("Node", lambda pod: pod["spec"].get("nodeName") or "<none>", priority=1),
    Column("Nominated Node", _status("nominatedNodeName"), priority=1),
    Column("Readiness Gates", _gates_text, priority=1),
)
