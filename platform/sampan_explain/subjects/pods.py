"""A pod: waits for a node, cannot start, restarts, is not ready, was evicted, does not go. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import containers, mounts, scheduling
from sampan_explain.subjects.said import flag, listed, namespace_of, one_line, sentence, since
from sampan_machinery.metadata import condition_is, get_condition, get_path
from sampan_machinery.resources import NODES

#: Reasons of a pod that failed as a whole, and what to do.
_ENDED = {
    "NodeAffinity": "the node's labels did not match the pod's node selector when it was to start there",
    "OutOfcpu": "the node had not enough cpu when the pod was to start there",
    "OutOfmemory": "the node had not enough memory when the pod was to start there",
    "OutOfpods": "the node had no room for one more pod when it was to start there",
    "NodeLost": "its node did not answer any more",
    "Shutdown": "its node was shut down",
    "Terminated": "its node was shut down",
    "NodeShutdown": "its node was being shut down when it was to start there",
    "UnexpectedAdmissionError": "the node agent refused it",
    "SysctlForbidden": "it wants a sysctl that the node does not allow",
    "DeadlineExceeded": "it ran longer than its activeDeadlineSeconds",
}


def state(pod: Object) -> str:
    """As kubectl's STATUS column, with the number of ready containers."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if status.get("reason"):
        return str(status["reason"])
    statuses = status.get("containerStatuses") or []
    for each in [*(status.get("initContainerStatuses") or ()), *statuses]:
        waiting = get_path(each, "state", "waiting", "reason", default="")
        if waiting and waiting not in ("PodInitializing", "ContainerCreating"):
            return str(waiting)
    phase = status.get("phase") or "Pending"
    if phase != "Running":
        return str(phase)
    ready = sum(bool(each.get("ready")) for each in statuses)
    return f"Running, {ready}/{len(pod['spec']['containers'])} ready"


def explain(pod: Object, objects: Objects) -> Iterator[Cause]:
    status = pod.get("status") or {}
    phase = status.get("phase") or "Pending"
    if pod["metadata"].get("deletionTimestamp"):
        yield from _terminating(pod, objects)
        return
    if phase == "Failed":
        yield from _failed(pod, objects)
        return
    if phase == "Succeeded":
        return
    if not pod["spec"].get("nodeName"):
        yield from scheduling.explain(pod, objects)
        return
    yield from _node(pod, objects)
    found = list(containers.explain(pod, objects))
    yield from found
    if phase == "Pending" and not found:
        yield from mounts.explain(pod, objects)
    if phase == "Running" and not found:
        yield from _not_ready(pod)


def _failed(pod: Object, objects: Objects) -> Iterator[Cause]:
    status, metadata = pod["status"], pod["metadata"]
    reason, where = status.get("reason") or "", flag(namespace_of(pod))
    fact = f"status.reason is {reason}: {one_line(status.get('message'))}"
    disrupted = condition_is(status, "DisruptionTarget") and reason not in _ENDED
    if reason in ("Evicted", "Preempting", "Preempted") or disrupted:
        yield _evicted(pod, fact)
    elif reason in _ENDED:
        yield Cause(
            reason=reason, text=f"It ended because {_ENDED[reason]}: {sentence(status.get('message') or reason)}",
            facts=(fact,), commands=(f"kubectl delete pod {metadata['name']}{where}",),
        )  # fmt: skip
    else:
        yield from containers.ended(pod, objects)


def _evicted(pod: Object, fact: str) -> Cause:
    status, node = pod["status"], pod["spec"].get("nodeName") or ""
    target = get_condition(status, "DisruptionTarget") or {}
    why = target.get("reason") or status.get("reason") or ""
    message = status.get("message") or target.get("message")
    facts = (fact, *((f"condition DisruptionTarget: {why}: {one_line(target.get('message'))}",) if target else ()))
    name, where = pod["metadata"]["name"], flag(namespace_of(pod))
    if why == "PreemptionByScheduler":
        return Cause(
            reason="Preempted", text=f"It was removed to make room for a pod of higher priority: {sentence(message)}",
            facts=facts, commands=("kubectl get priorityclasses", f"kubectl delete pod {name}{where}"),
        )  # fmt: skip
    if why == "DeletionByTaintManager":
        return Cause(
            reason="EvictedByTaint", text=f"It was evicted because it does not tolerate a taint of node {node}.",
            facts=facts, commands=(f"kubectl describe node {node}",),
        )  # fmt: skip
    return Cause(
        reason="Evicted",
        text=f"Node {node} evicted it to get back what ran short there: {sentence(message or 'no message')}",
        facts=facts,
        commands=(f"kubectl describe node {node}", f"kubectl delete pod {name}{where}"),
    )


def _terminating(pod: Object, objects: Objects) -> Iterator[Cause]:
    metadata = pod["metadata"]
    if metadata.get("finalizers"):
        return  # subjects/anything.py says it, as for every kind
    late = since(metadata["deletionTimestamp"], objects.now)
    node = objects.get(NODES, pod["spec"].get("nodeName") or "")
    name, where = metadata["name"], flag(namespace_of(pod))
    if node is None and pod["spec"].get("nodeName") and objects.is_known(NODES, "", pod["spec"]["nodeName"]):
        yield Cause(
            reason="NodeGone", text=f"Its node {pod['spec']['nodeName']} does not exist any more, so no agent ends it.",
            facts=(f"spec.nodeName is {pod['spec']['nodeName']}, and there is no such Node",),
            commands=(f"kubectl delete pod {name}{where} --grace-period=0 --force",),
        )  # fmt: skip
        return
    yield from _node(pod, objects)
    grace = metadata.get("deletionGracePeriodSeconds", 30)
    preparing = any(get_path(each, "lifecycle", "preStop") for each in pod["spec"]["containers"])
    if late > 0:
        yield Cause(
            reason="SlowTermination",
            text=f"It was to end {int(late)} s ago and its containers still run: the node agent could not end "
            "them yet.",
            facts=(f"metadata.deletionTimestamp is {metadata['deletionTimestamp']}",),
            commands=(f"kubectl delete pod {name}{where} --grace-period=0 --force",),
        )
    else:
        hook = " It has a preStop hook, which runs first." if preparing else ""
        yield Cause(
            reason="Terminating", text=f"It was deleted and has {grace} s to end; then it is killed.{hook}",
            facts=(f"metadata.deletionGracePeriodSeconds is {grace}",), note=True,
        )  # fmt: skip


def _node(pod: Object, objects: Objects) -> Iterator[Cause]:
    name = pod["spec"].get("nodeName") or ""
    if not name or condition_is(pod.get("status"), "Ready"):
        return
    node = objects.get(NODES, name)
    ready = get_condition((node or {}).get("status"), "Ready")
    if node is not None and ready is not None and ready["status"] != "True":
        yield Cause(
            reason="NodeNotReady", text=f"Its node {name} is not ready: "
            f"{sentence(ready.get('message') or 'no reason')}",
            facts=(f"node {name}: condition Ready is {ready['status']} ({ready.get('reason')})",),
            commands=(f"sampan why node/{name}",), about=f"node/{name}",
        )  # fmt: skip


def _not_ready(pod: Object) -> Iterator[Cause]:
    status = pod.get("status") or {}
    ready = get_condition(status, "Ready")
    if ready is None or ready["status"] == "True":
        return
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    missing = [gate for gate in gates if not condition_is(status, gate)]
    if missing:
        yield Cause(
            reason="ReadinessGate",
            text=f"Its containers are ready, but the controller of its readiness gate has not agreed: "
            f"{listed(missing)}.",
            facts=tuple(f"condition {gate} is not True" for gate in missing),
            commands=(f"kubectl get pod {pod['metadata']['name']}{flag(namespace_of(pod))} -o yaml",),
        )
