"""What ``kubectl get pods`` shows. Source: the meaning of upstream's printer, seen from its output."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from sampan.contracts.kinds import Column, Object
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import parse_time
from sampan_machinery.tables import human_duration
from sampan_podspec.containers import is_sidecar

GONE_NODE = "NodeLost"
NONE = "<none>"


class PodSummary(NamedTuple):
    """A pod in one line."""

    reason: str  # the STATUS word: what matters most to a reader
    ready: int
    total: int  # containers, sidecars counted
    restarts: int
    last_restart: str  # RFC 3339, "" for never


def summary(pod: Object) -> PodSummary:
    status = pod.get("status") or {}
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if is_sidecar(c)}
    total = len(pod["spec"].get("containers") or ()) + len(sidecars)
    started, why = _initialized(pod, status, sidecars)
    if why and not _is_true(status, "Initialized"):
        reason, counted, ready = why, started, _ready(started, sidecars)
    else:
        main = list(status.get("containerStatuses") or ())
        aside = [c for c in started if c["name"] in sidecars]
        reason, counted = _running_reason(status, main, _word(status)), [*aside, *main]
        ready = _ready(started, sidecars) + sum(_runs(c) for c in main)
    restarts = sum(c.get("restartCount") or 0 for c in counted)
    ends = (((c.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or "" for c in counted)
    return PodSummary(_ending_word(pod, status, reason), ready, total, restarts, max(ends, default=""))


def _word(status: Object) -> str:
    gated = any(c.get("reason") == "SchedulingGated" for c in status.get("conditions") or ())
    return "SchedulingGated" if gated else str(status.get("reason") or status.get("phase") or "Unknown")


def _ending_word(pod: Object, status: Object, reason: str) -> str:
    if not pod["metadata"].get("deletionTimestamp"):
        return reason
    if status.get("reason") == GONE_NODE:
        return "Unknown"
    return reason if status.get("phase") in ("Failed", "Succeeded") else "Terminating"


def _initialized(pod: Object, status: Object, sidecars: set[str]) -> tuple[list[Object], str]:
    """The statuses of init containers up to the one that holds things up, and the word for that ("" for none)."""
    passed: list[Object] = []
    for index, container in enumerate(status.get("initContainerStatuses") or ()):
        passed.append(container)
        state = container.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if container["name"] in sidecars and container.get("started"):
            continue
        if terminated is not None:
            return passed, f"Init:{_ending(terminated)}"
        if waiting and waiting.get("reason") not in (None, "", "PodInitializing"):
            return passed, f"Init:{waiting['reason']}"
        return passed, f"Init:{index}/{len(pod['spec'].get('initContainers') or ())}"
    return passed, ""


def _running_reason(status: Object, main: list[Object], reason: str) -> str:
    running = False
    for container in reversed(main):
        state = container.get("state") or {}
        waiting, terminated = state.get("waiting"), state.get("terminated")
        if waiting and waiting.get("reason"):
            reason = waiting["reason"]
        elif terminated is not None:
            reason = _ending(terminated)
        else:
            running = running or _runs(container)
    if reason == "Completed" and running:
        return "Running" if _is_true(status, "Ready") else "NotReady"
    return reason


def _runs(container: Object) -> bool:
    return bool(container.get("ready")) and (container.get("state") or {}).get("running") is not None


def _ready(started: list[Object], sidecars: set[str]) -> int:
    return sum(bool(c.get("started") and c.get("ready")) for c in started if c["name"] in sidecars)


def _ending(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _is_true(status: Object, condition: str) -> bool:
    return any(c.get("type") == condition and c.get("status") == "True" for c in status.get("conditions") or ())


def status_text(pod: Object) -> str:
    return summary(pod).reason


def ready_text(pod: Object) -> str:
    """``2/3``."""
    found = summary(pod)
    return f"{found.ready}/{found.total}"


def restarts_text(pod: Object) -> str:
    """``3 (5m ago)``: how often, and when last."""
    found = summary(pod)
    if not found.restarts or not found.last_restart:
        return str(found.restarts)
    return f"{found.restarts} ({human_duration(time.time() - parse_time(found.last_restart))} ago)"


def _address(pod: Object) -> str:
    status = pod.get("status") or {}
    addresses = status.get("podIPs") or ()
    return str((addresses[0].get("ip") if addresses else status.get("podIP")) or NONE)


def _gates_text(pod: Object) -> str:
    gates = pod["spec"].get("readinessGates") or ()
    if not gates:
        return NONE
    status = pod.get("status") or {}
    return f"{sum(_is_true(status, gate['conditionType']) for gate in gates)}/{len(gates)}"


def _or_none(read: Callable[[Object], Any]) -> Callable[[Object], str]:
    return lambda pod: str(read(pod) or NONE)


COLUMNS = (
    NAME,
    Column("Ready", ready_text),
    Column("Status", status_text),
    Column("Restarts", restarts_text),
    AGE,
    Column("IP", _address, priority=1),
    Column("Node", _or_none(lambda pod: pod["spec"].get("nodeName")), priority=1),
    Column("Nominated Node", _or_none(lambda pod: (pod.get("status") or {}).get("nominatedNodeName")), priority=1),
    Column("Readiness Gates", _gates_text, priority=1),
)
