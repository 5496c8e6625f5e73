"""A Deployment, ReplicaSet, StatefulSet, DaemonSet or ReplicationController that does not get on. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import pods, refusals
from sampan_explain.subjects.said import (
    condition_fact,
    event_fact,
    flag,
    listed,
    namespace_of,
    plural,
    ref,
    sentence,
    warnings,
)  # fmt: skip
from sampan_machinery.metadata import condition_is, get_condition, get_path, is_controlled_by, is_deleting, labels_of
from sampan_machinery.resources import PODS, REPLICA_SETS
from sampan_machinery.selectors import from_labels, from_object

_MOST = 5  # pods whose own causes are told


def state(obj: Object) -> str:
    wanted, ready = _wanted(obj), _ready(obj)
    paused = ", paused" if get_path(obj, "spec", "paused") else ""
    return f"{ready}/{wanted} ready{paused}"


def _wanted(obj: Object) -> int:
    if obj["kind"] == "DaemonSet":
        return int(get_path(obj, "status", "desiredNumberScheduled", default=0) or 0)
    replicas = get_path(obj, "spec", "replicas")
    return 1 if replicas is None else int(replicas)


def _ready(obj: Object) -> int:
    field = "numberReady" if obj["kind"] == "DaemonSet" else "readyReplicas"
    return int(get_path(obj, "status", field, default=0) or 0)


def explain(obj: Object, objects: Objects) -> Iterator[Cause]:
    status = obj.get("status") or {}
    if get_path(status, "observedGeneration", default=0) < obj["metadata"].get("generation", 0):
        yield Cause(
            reason="NotObserved", text="Its controller has not seen its newest change yet; is the controller running?",
            facts=(f"metadata.generation is {obj['metadata'].get('generation')}, status.observedGeneration is "
                   f"{status.get('observedGeneration', 0)}",),
            commands=("sampan status", "sampan logs control"),
        )  # fmt: skip
    yield from _paused(obj)
    yield from _scaled_to_nothing(obj)
    yield from _uncreated(obj, objects)
    yield from _pods(obj, objects)
    yield from _order(obj, objects)
    yield from _deadline(obj)


def _paused(obj: Object) -> Iterator[Cause]:
    if get_path(obj, "spec", "paused"):
        where = flag(namespace_of(obj))
        yield Cause(
            reason="Paused", text="It is paused: changes of its template are not rolled out until it is resumed.",
            facts=("spec.paused is true",), commands=(f"kubectl rollout resume {ref(obj)}{where}",),
        )  # fmt: skip


def _scaled_to_nothing(obj: Object) -> Iterator[Cause]:
    if obj["kind"] == "DaemonSet":
        if _wanted(obj) == 0:
            selector = get_path(obj, "spec", "template", "spec", "nodeSelector", default={}) or {}
            shown = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield Cause(
                reason="NoNodeMatches", text="No node is to have one of its pods"
                f"{f': none is labelled {shown}, or taints keep them away' if shown else ''}.",
                facts=("status.desiredNumberScheduled is 0", *((f"nodeSelector: {shown}",) if shown else ())),
                commands=("kubectl get nodes --show-labels",),
            )  # fmt: skip
    elif _wanted(obj) == 0 and obj["kind"] != "ReplicaSet":
        yield Cause(
            reason="ScaledToZero", text="It has no pods, because it is scaled to zero.", facts=("spec.replicas is 0",),
            commands=(f"kubectl scale {ref(obj)}{flag(namespace_of(obj))} --replicas=1",),
        )  # fmt: skip


def _uncreated(obj: Object, objects: Objects) -> Iterator[Cause]:
    """Pods that are refused when they are to be made: quota, Pod Security, webhooks, limits, names."""
    if obj["kind"] == "Deployment":
        for each in _current(obj, objects):
            yield from _failing(each, obj, objects)
    else:
        yield from _failing(obj, obj, objects)


def _failing(made_by: Object, shown: Object, objects: Objects) -> Iterator[Cause]:
    found = get_condition(made_by.get("status"), "ReplicaFailure")
    failed = found is not None and found["status"] == "True"
    if failed:
        assert found is not None
        message, fact = str(found.get("message") or ""), f"{ref(made_by)}: {condition_fact(found)}"
    else:
        short = made_by["kind"] in ("StatefulSet", "DaemonSet") and _made(made_by) < _wanted(made_by)
        events = warnings(made_by, objects, "FailedCreate") if short else []
        if not events:
            return
        message, fact = str(events[0].get("message") or ""), event_fact(events[0])
    about = "" if made_by is shown else ref(made_by)
    yield from refusals.explain(message, shown, objects, facts=(fact,), about=about)


def _made(obj: Object) -> int:
    field = "currentNumberScheduled" if obj["kind"] == "DaemonSet" else "replicas"
    return int(get_path(obj, "status", field, default=0) or 0)


def _current(deployment: Object, objects: Objects) -> list[Object]:
    """Its ReplicaSets that are to have pods, the newest first."""
    own = [each for each in objects.list(REPLICA_SETS, namespace_of(deployment)) if is_controlled_by(each, deployment)]
    revision = "deployment.kubernetes.io/revision"

    def number(each: Object) -> int:
        said = (each["metadata"].get("annotations") or {}).get(revision, "0")
        return int(said) if said.isdigit() else 0

    return sorted((each for each in own if get_path(each, "spec", "replicas")), key=number, reverse=True)


def own_pods(obj: Object, objects: Objects) -> list[Object]:
    namespace = namespace_of(obj)
    selector = get_path(obj, "spec", "selector", default={}) or {}
    chosen = from_labels(selector) if obj["kind"] == "ReplicationController" else from_object(selector)
    owners = _current(obj, objects) if obj["kind"] == "Deployment" else [obj]
    return [
        pod
        for pod in objects.list(PODS, namespace)
        if chosen.matches(labels_of(pod)) and any(is_controlled_by(pod, owner) for owner in owners)
    ]


def _pods(obj: Object, objects: Objects) -> Iterator[Cause]:
    found = own_pods(obj, objects)
    bad = [pod for pod in found if not condition_is(pod.get("status"), "Ready") and not is_deleting(pod)]
    bad = [pod for pod in bad if get_path(pod, "status", "phase") != "Succeeded"]
    told = 0
    for pod in bad[:_MOST]:
        for cause in pods.explain(pod, objects):
            if not cause.note:
                told += 1
                yield replace(cause.of(ref(pod)), lines=())
    if bad and not told:
        yield Cause(
            reason="PodsNotReady", text=f"{plural(len(bad), 'pod')} of {len(found)} "
            f"{'is' if len(bad) == 1 else 'are'} not ready yet.",
            facts=tuple(f"{ref(pod)}: {pods.state(pod)}" for pod in bad[:_MOST]),
            commands=(f"kubectl rollout status {ref(obj)}{flag(namespace_of(obj))}",),
        )  # fmt: skip


def _order(obj: Object, objects: Objects) -> Iterator[Cause]:
    """A StatefulSet makes its pods one after another, and updates them from the last to the first."""
    spec, status = obj["spec"], obj.get("status") or {}
    if obj["kind"] not in ("StatefulSet", "DaemonSet"):
        return
    name, where = obj["metadata"]["name"], flag(namespace_of(obj))
    strategy = get_path(spec, "updateStrategy", "type", default="RollingUpdate")
    pending = _outdated(obj)
    if pending and strategy == "OnDelete":
        yield Cause(
            reason="OnDelete",
            text=f"{plural(pending, 'pod')} still {'has' if pending == 1 else 'have'} the former template: with the "
            "strategy OnDelete a pod is replaced when it is deleted.",
            facts=("spec.updateStrategy.type is OnDelete",), commands=(f"kubectl delete pods{where} -l …",),
        )  # fmt: skip
    partition = get_path(spec, "updateStrategy", "rollingUpdate", "partition", default=0) or 0
    if pending and partition:
        yield Cause(
            reason="Partition", text=f"Only pods from ordinal {partition} on are updated: the partition keeps the "
            "others.",
            facts=(f"spec.updateStrategy.rollingUpdate.partition is {partition}",),
            commands=(
                f"kubectl patch statefulset {name}{where} --type=merge -p "
                '\'{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}\'',
            ),
        )  # fmt: skip
    if obj["kind"] != "StatefulSet" or spec.get("podManagementPolicy") == "Parallel":
        return
    made, wanted = status.get("replicas") or 0, _wanted(obj)
    bad = [pod for pod in own_pods(obj, objects) if not condition_is(pod.get("status"), "Ready")]
    if bad and made < wanted:
        yield Cause(
            reason="OrderedReady",
            text=f"Its pods are made one after another: the next waits until {listed(ref(pod) for pod in bad)} is "
            "ready.",
            facts=("spec.podManagementPolicy is OrderedReady", f"status.replicas is {made} of {wanted}"),
            commands=(f"sampan why {ref(bad[0])}{where}",), about=ref(bad[0]),
        )  # fmt: skip


def _outdated(obj: Object) -> int:
    status = obj.get("status") or {}
    if obj["kind"] == "DaemonSet":
        return int(max(0, _wanted(obj) - (status.get("updatedNumberScheduled") or 0)))
    if status.get("currentRevision") == status.get("updateRevision"):
        return 0
    return int(max(0, (status.get("replicas") or 0) - (status.get("updatedReplicas") or 0)))


def _deadline(obj: Object) -> Iterator[Cause]:
    progressing = get_condition(obj.get("status"), "Progressing")
    if progressing is None or progressing.get("reason") != "ProgressDeadlineExceeded":
        return
    seconds = get_path(obj, "spec", "progressDeadlineSeconds", default=600)
    yield Cause(
        reason="ProgressDeadlineExceeded",
        text=f"The rollout has not got on for {seconds} s and counts as failed: {sentence(progressing.get('message'))}",
        facts=(condition_fact(progressing),),
        commands=(f"kubectl rollout undo {ref(obj)}{flag(namespace_of(obj))}",),
    )  # fmt: skip
