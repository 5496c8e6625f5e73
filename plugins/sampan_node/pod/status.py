"""The pod's status from the runtime's state. Pure. Source: API reference PodStatus; conformance of kubelet's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import copy, now_text, observed_generation, set_condition
from sampan_node.pod.machine import PodMemory, RuntimeState, delay, init_failed, init_restarts, initialized, restarts
from sampan_node.pod.resizing import IN_PROGRESS, PENDING
from sampan_podspec.containers import is_sidecar
from sampan_runtime.contracts import Container

OVER = ("Succeeded", "Failed")
#: Lists that the API merges by key (by type, by ip) instead of replacing them.
MERGED = {"conditions", "podIPs", "hostIPs"}
RESIZE = (PENDING, IN_PROGRESS)  # conditions that go again
LISTS = {
    "initContainers": "initContainerStatuses",
    "containers": "containerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}


def status_of(
    pod: Object,
    seen: RuntimeState,
    memory: PodMemory,
    *,
    host_ip: str,
    runtime: str,
    now: float,
    messages: Mapping[str, str],
) -> Object:
    """The whole status; starts from the pod's own, so what other writers put there stays.

    ``messages``: container id -> termination message.
    """
    status: Object = copy(pod.get("status") or {})
    status.setdefault("startTime", now_text(now))
    status.update(observed_generation(pod))
    status["hostIP"], status["hostIPs"] = host_ip, [{"ip": host_ip}]
    _addresses(pod, seen, status, host_ip)
    done = initialized(pod, seen, memory)
    for field, target in LISTS.items():
        listed = pod["spec"].get(field) or []
        if listed:
            status[target] = [_container(pod, one, field, seen, memory, runtime, now, messages, done) for one in listed]
    status["phase"] = phase(pod, seen, memory, done)
    if memory.verdict:
        words = zip(("phase", "reason", "message"), memory.verdict, strict=True)
        status.update((key, word) for key, word in words if word)
    if status["phase"] in ("Succeeded", "Failed") and seen.running():
        status["phase"] = "Running" if done else "Pending"  # an end is told when nothing runs any more
    _conditions(pod, seen, status, done, now_text(now), memory)
    return status


def changes(known: Object, status: Object) -> Object:
    """What a strategic merge patch has to say to get from one to the other: conditions one by one, so that those of
    other writers stay as they are whatever they are by now."""
    changed = {key: value for key, value in status.items() if key not in MERGED and known.get(key) != value}
    before = {one.get("type"): one for one in known.get("conditions") or ()}
    fresh = [one for one in status.get("conditions") or () if before.get(one.get("type")) != one]
    here = {one.get("type") for one in status.get("conditions") or ()}
    gone = [{"type": name, "$patch": "delete"} for name in RESIZE if name in before and name not in here]
    if fresh or gone:
        changed["conditions"] = [{**dict.fromkeys(before.get(one.get("type"), ())), **one} for one in fresh] + gone
    for key in ("podIPs", "hostIPs"):
        if key in status and known.get(key) != status[key]:
            changed[key] = [{"$patch": "replace"}, *status[key]]
    return changed


def _addresses(pod: Object, seen: RuntimeState, status: Object, host_ip: str) -> None:
    ip = host_ip if pod["spec"].get("hostNetwork") else seen.sandbox.ip if seen.sandbox and seen.sandbox.ready else ""
    if ip:
        status["podIP"], status["podIPs"] = ip, [{"ip": ip}]


def phase(pod: Object, seen: RuntimeState, memory: PodMemory, done: bool) -> str:
    """Source: kubelet's getPhase."""
    if not done:
        for init in pod["spec"].get("initContainers") or ():
            last = seen.latest(init["name"])
            if init_failed(pod, init, last, seen):
                return "Failed"
        return "Running" if memory.rounds else "Pending"
    found = [seen.latest(container["name"]) for container in pod["spec"]["containers"]]
    if any(one is None or one.state == "created" for one in found) and not any(
        one and (one.state == "running" or one.attempt) for one in found
    ):
        return "Pending"
    ended = [one for one in found if one and one.state == "exited"]
    going = bool(pod["metadata"].get("deletionTimestamp")) and not seen.running()
    pairs = zip(ended, pod["spec"]["containers"], strict=False)
    again = not going and any(restarts(pod, container, one, seen) for one, container in pairs)
    if len(ended) < len(found) or again:
        return "Running"
    return "Failed" if any(one.exit_code for one in ended) else "Succeeded"


def _container(
    pod: Object, container: Object, field: str, seen: RuntimeState, memory: PodMemory, runtime: str, now: float,
    messages: Mapping[str, str], done: bool,
) -> Object:  # fmt: skip
    name = container["name"]
    mine = sorted((one for one in seen.containers if one.name == name), key=lambda one: (one.attempt, one.created))
    last = mine[-1] if mine else None
    waiting = memory.waiting.get(name)
    status: Object = {
        "name": name, "image": container["image"], "imageID": "", "ready": False, "started": False, "restartCount": 0,
        "state": {}, "lastState": {},
    }  # fmt: skip
    if last is None:
        held = field == "containers" and not done
        usual = "PodInitializing" if held or pod["spec"].get("initContainers") else "ContainerCreating"
        status["state"] = {"waiting": _waiting(waiting.reason, waiting.message) if waiting else {"reason": usual}}
        _resources(container, status, memory)
        return status
    status |= {"imageID": last.image_id, "containerID": f"{runtime}://{last.id}", "restartCount": last.attempt}
    previous = mine[-2] if len(mine) > 1 else None
    is_init = field == "initContainers" and not is_sidecar(container)
    if last.state == "running":
        status["state"] = {"running": {"startedAt": now_text(last.started)}}
        status["started"] = last.id in memory.started
        status["ready"] = not is_init and status["started"] and last.id in memory.ready
    elif last.state == "exited":
        _ended(pod, container, last, memory, status, runtime, now, messages, waiting, is_init, seen)
        if status["state"].get("waiting"):
            previous = last
    else:
        status["state"] = {"waiting": _waiting(waiting.reason, waiting.message) if waiting else
                           {"reason": "ContainerCreating"}}  # fmt: skip
    if previous is not None and previous.state == "exited":
        status["lastState"] = {"terminated": terminated(previous, runtime, messages)}
    _resources(container, status, memory)
    return status


def _ended(
    pod: Object, container: Object, last: Container, memory: PodMemory, status: Object, runtime: str, now: float,
    messages: Mapping[str, str], waiting: Any, is_init: bool, seen: RuntimeState,
) -> None:  # fmt: skip
    again = (init_restarts if is_init else restarts)(pod, container, last, seen)
    if pod["metadata"].get("deletionTimestamp") or memory.verdict:
        again = False
    pause = delay(last, memory)
    if again and waiting:
        status["state"] = {"waiting": _waiting(waiting.reason, waiting.message)}
    elif again and pause and now < last.finished + pause:
        text = f"back-off {_duration(pause)} restarting failed container={container['name']} pod={_pod_text(pod)}"
        status["state"] = {"waiting": _waiting("CrashLoopBackOff", text)}
    else:
        status["state"] = {"terminated": terminated(last, runtime, messages)}
        status["ready"] = is_init and last.exit_code == 0


def _pod_text(pod: Object) -> str:
    meta = pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _waiting(reason: str, message: str) -> Object:
    return {"reason": reason, "message": message} if message else {"reason": reason}


def terminated(ended: Container, runtime: str, messages: Mapping[str, str]) -> Object:
    found: Object = {
        "exitCode": ended.exit_code,
        "reason": ended.reason or ("Error" if ended.exit_code else "Completed"),
        "containerID": f"{runtime}://{ended.id}",
    }
    if ended.started:
        found["startedAt"] = now_text(ended.started)
    if ended.finished:
        found["finishedAt"] = now_text(ended.finished)
    message = messages.get(ended.id) or ended.message
    if message:
        found["message"] = message
    return found


def _resources(container: Object, status: Object, memory: PodMemory) -> None:
    """What the container has, and what the node has granted it: both as wanted but while it is resized."""
    if "resources" in container:
        granted: Object = memory.resizing.granted.get(container["name"]) or container["resources"] or {}
        status["resources"] = memory.resizing.actual.get(container["name"], granted)
        if requests := granted.get("requests"):
            status["allocatedResources"] = requests
    if mounts := container.get("volumeMounts"):
        status["volumeMounts"] = [
            {key: mount[key] for key in ("name", "mountPath", "readOnly", "recursiveReadOnly") if key in mount}
            for mount in mounts
        ]


def _resize_conditions(status: Object, memory: PodMemory, now: str) -> None:
    """They are there only while a resize waits or is being done."""
    standing = memory.resizing.conditions()
    gone = set(RESIZE) - set(standing)
    status["conditions"] = [one for one in status.get("conditions") or () if one.get("type") not in gone]
    for type, (reason, message, generation) in standing.items():
        more = {"observedGeneration": generation} if generation else {}
        set_condition(status, type, "True", now=now, reason=reason, message=message, **more)


def _conditions(pod: Object, seen: RuntimeState, status: Object, done: bool, now: str, memory: PodMemory) -> None:
    more = observed_generation(pod)
    over = status["phase"] in ("Succeeded", "Failed")

    def put(type: str, value: bool, reason: str = "", message: str = "") -> None:
        word = "True" if value else "False"
        set_condition(status, type, word, now=now, reason=reason, message=message, **more)

    put("PodScheduled", True)
    _resize_conditions(status, memory, now)
    if memory.disruption:
        put("DisruptionTarget", True, "TerminationByKubelet", memory.disruption)
    put("PodReadyToStartContainers", bool(seen.sandbox and seen.sandbox.ready))
    inits = list(zip(status.get("initContainerStatuses") or (), pod["spec"].get("initContainers") or (), strict=False))
    finished = "PodCompleted" if status["phase"] == "Succeeded" else "PodFailed" if over else ""
    pending = [
        one["name"] for one, spec in inits
        if not (one["ready"] or (is_sidecar(spec) and one["started"]))
    ]  # fmt: skip
    if done or status["phase"] == "Succeeded":
        put("Initialized", True, finished if status["phase"] == "Succeeded" else "")
    else:
        put(
            "Initialized",
            False,
            "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(pending)}]",
        )
    unready = [one["name"] for one in status.get("containerStatuses") or () if not one["ready"]]
    unready += [
        one["name"] for one, spec in inits
        if is_sidecar(spec) and not one["ready"]
    ]  # fmt: skip
    if over:
        put("ContainersReady", False, finished)
        put("Ready", False, finished)
        return
    text = f"containers with unready status: [{' '.join(unready)}]" if unready else ""
    reason = "ContainersNotReady" if unready else ""
    put("ContainersReady", not unready, reason, text)
    missing = [
        gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()
        if not any(
            c.get("type") == gate["conditionType"] and c.get("status") == "True" for c in status["conditions"]
        )
    ]  # fmt: skip
    if not unready and missing:
        put(
            "Ready",
            False,
            "ReadinessGatesNotReady",
            f'corresponding condition of pod readiness gate "{missing[0]}" does not exist.',
        )
    else:
        put("Ready", not unready, reason, text)
