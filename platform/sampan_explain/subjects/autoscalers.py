"""A HorizontalPodAutoscaler that does not scale. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import condition_fact, flag, listed, namespace_of, sentence
from sampan_machinery.metadata import get_condition, get_path
from sampan_machinery.resources import API_SERVICES, DEPLOYMENTS, PODS, STATEFUL_SETS
from sampan_machinery.selectors import from_object

_METRICS = "v1beta1.metrics.k8s.io"
_TOLERANCE = 0.1
_TARGETS = {"Deployment": DEPLOYMENTS, "StatefulSet": STATEFUL_SETS}


def state(hpa: Object) -> str:
    status, spec = hpa.get("status") or {}, hpa["spec"]
    low = 1 if spec.get("minReplicas") is None else spec["minReplicas"]
    return (
        f"at {status.get('currentReplicas', 0)} replicas, wants {status.get('desiredReplicas', 0)} "
        f"({low} to {spec.get('maxReplicas')})"
    )


def explain(hpa: Object, objects: Objects) -> Iterator[Cause]:
    status = hpa.get("status") or {}
    able, active = get_condition(status, "AbleToScale"), get_condition(status, "ScalingActive")
    if able is None and active is None:
        yield Cause(
            reason="NotObserved", text="Its controller has not looked at it yet.", facts=("status.conditions is "
            "empty",),
            commands=("sampan logs control",), note=not hpa["metadata"].get("creationTimestamp"),
        )  # fmt: skip
        return
    if able is not None and able["status"] == "False":
        yield _unable(hpa, able)
        return
    if active is not None and active["status"] == "False":
        yield from _inactive(hpa, active, objects)
        return
    yield from _limited(hpa, status)
    yield from _held(hpa, status, able or {})


def _unable(hpa: Object, able: Object) -> Cause:
    target = hpa["spec"]["scaleTargetRef"]
    name, where = f"{target['kind'].lower()} {target['name']}", flag(namespace_of(hpa))
    if able.get("reason") == "FailedGetScale":
        return Cause(
            reason="NoTarget", text=f"Its target {name} cannot be read: {sentence(able.get('message'))}",
            facts=(condition_fact(able),), commands=(f"kubectl get {name}{where}",),
            about=f"{target['kind'].lower()}/{target['name']}",
        )  # fmt: skip
    return Cause(
        reason=able.get("reason") or "NotAbleToScale", text=f"It cannot scale: {sentence(able.get('message'))}",
        facts=(condition_fact(able),), commands=(f"kubectl describe hpa {hpa['metadata']['name']}{where}",),
    )  # fmt: skip


def _inactive(hpa: Object, active: Object, objects: Objects) -> Iterator[Cause]:
    reason, message = active.get("reason") or "", str(active.get("message") or "")
    where, target = flag(namespace_of(hpa)), hpa["spec"]["scaleTargetRef"]
    about = f"{target['kind'].lower()}/{target['name']}"
    if reason == "ScalingDisabled":
        yield Cause(
            reason="TargetAtZero", text="Its target has no replicas, and an autoscaler leaves it so.",
            facts=(condition_fact(active),), commands=(f"kubectl scale {about}{where} --replicas=1",), about=about,
        )  # fmt: skip
        return
    if reason == "AmbiguousSelector":
        yield Cause(
            reason=reason, text=f"Another autoscaler selects the same pods: {sentence(message)}",
            facts=(condition_fact(active),), commands=(f"kubectl get hpa{where}",),
        )  # fmt: skip
        return
    if "missing request for" in message:
        resource = message.partition("missing request for ")[2].split(" ")[0]
        lacking = _without_requests(hpa, resource, objects)
        yield Cause(
            reason="MissingRequests",
            text=f"Its metric is a share of requests, and containers of its pods request no {resource}"
            f"{f' ({listed(lacking)})' if lacking else ''}.",
            facts=(condition_fact(active),),
            commands=(f"kubectl set resources {about}{where} --requests={resource}=…",), about=about,
        )  # fmt: skip
        return
    yield from _no_metrics(hpa, active, objects)


def _no_metrics(hpa: Object, active: Object, objects: Objects) -> Iterator[Cause]:
    kinds = {metric.get("type") for metric in hpa["spec"].get("metrics") or ()}
    if kinds & {"Resource", "ContainerResource"}:
        service = objects.get(API_SERVICES, _METRICS)
        available = get_condition((service or {}).get("status"), "Available") or {}
        if service is None and objects.is_known(API_SERVICES, "", _METRICS):
            yield Cause(
                reason="NoMetricsServer", text="No metrics server is installed, so it knows nothing of the pods' use.",
                facts=(condition_fact(active), f"there is no APIService {_METRICS}"),
                commands=("sampan addons enable metrics",),
            )  # fmt: skip
            return
        if available.get("status") == "False":
            yield Cause(
                reason="MetricsUnavailable", text=f"The metrics API does not answer: "
                f"{sentence(available.get('message'))}",
                facts=(condition_fact(active), f"apiservice {_METRICS}: Available is False"),
                commands=(f"kubectl describe apiservice {_METRICS}",), about=f"apiservice/{_METRICS}",
            )  # fmt: skip
            return
    words = "The metric that it scales by cannot be read"
    yield Cause(
        reason=active.get("reason") or "NoMetrics", text=f"{words}: {sentence(active.get('message'))}",
        facts=(condition_fact(active),), commands=(f"kubectl top pods{flag(namespace_of(hpa))}",),
    )  # fmt: skip


def _without_requests(hpa: Object, resource: str, objects: Objects) -> list[str]:
    target, namespace = hpa["spec"]["scaleTargetRef"], namespace_of(hpa)
    known = _TARGETS.get(target["kind"])
    owner = objects.get(known, target["name"], namespace) if known else None
    if owner is None:
        return []
    selector = from_object(owner["spec"].get("selector"))
    found = [pod for pod in objects.list(PODS, namespace) if selector.matches(pod["metadata"].get("labels"))]
    names = {
        each["name"]
        for pod in found
        for each in pod["spec"]["containers"]
        if resource not in (get_path(each, "resources", "requests", default={}) or {})
    }
    return sorted(names)


def _limited(hpa: Object, status: Object) -> Iterator[Cause]:
    limited = get_condition(status, "ScalingLimited")
    if limited is None or limited["status"] != "True":
        return
    name, where, spec = hpa["metadata"]["name"], flag(namespace_of(hpa)), hpa["spec"]
    reason = limited.get("reason") or ""
    patch = f"kubectl patch hpa {name}{where} --type=merge -p "
    if reason == "TooManyReplicas":
        text = f"Its metrics ask for more than maxReplicas ({spec.get('maxReplicas')}) allows."
        commands = (patch + f'\'{{"spec":{{"maxReplicas":{spec.get("maxReplicas", 1) * 2}}}}}\'',)
    elif reason == "TooFewReplicas":
        text = f"Its metrics ask for fewer than minReplicas ({spec.get('minReplicas', 1)}) allows."
        commands = (patch + '\'{"spec":{"minReplicas":1}}\'',)
    else:
        way = "scaleUp" if reason == "ScaleUpLimit" else "scaleDown"
        text = f"It scales as fast as its policies allow: {sentence(limited.get('message'))}"
        commands = (f"kubectl edit hpa {name}{where}  # spec.behavior.{way}.policies",)
    yield Cause(reason=reason or "ScalingLimited", text=text, facts=(condition_fact(limited),), commands=commands)


def _held(hpa: Object, status: Object, able: Object) -> Iterator[Cause]:
    """It could scale, and does not, for now or at all."""
    name, where = hpa["metadata"]["name"], flag(namespace_of(hpa))
    if able.get("reason") in ("ScaleDownStabilized", "ScaleUpStabilized"):
        way = "scaleDown" if able["reason"] == "ScaleDownStabilized" else "scaleUp"
        window = get_path(
            hpa, "spec", "behavior", way, "stabilizationWindowSeconds", default=300 if way == "scaleDown" else 0
        )
        yield Cause(
            reason=able["reason"],
            text=f"It waits: {'a higher' if way == 'scaleDown' else 'a lower'} number was wanted within the last "
            f"{window} s "
            "(stabilization window).",
            facts=(condition_fact(able),),
            commands=(f"kubectl edit hpa {name}{where}  # spec.behavior.{way}.stabilizationWindowSeconds",), note=True,
        )  # fmt: skip
        return
    if status.get("currentReplicas") != status.get("desiredReplicas"):
        return
    for metric, now, target in _shares(hpa):
        if target and now != target and abs(now / target - 1) <= _TOLERANCE:
            yield Cause(
                reason="WithinTolerance",
                text=f"{metric} is at {now} % of the wanted {target} %: nearer than the tolerance of 10 %, so it "
                "stays.",
                facts=(f"currentMetrics: {metric} {now} %, target {target} %",),
                commands=(f"kubectl edit hpa {name}{where}  # spec.behavior.*.tolerance",), note=True,
            )  # fmt: skip


def _shares(hpa: Object) -> Iterator[tuple[str, int, int]]:
    """(resource, percent now, percent wanted)"""
    now = {
        get_path(each, "resource", "name"): get_path(each, "resource", "current", "averageUtilization")
        for each in get_path(hpa, "status", "currentMetrics", default=()) or ()
    }
    for metric in hpa["spec"].get("metrics") or ():
        name = get_path(metric, "resource", "name")
        wanted = get_path(metric, "resource", "target", "averageUtilization")
        if wanted is not None and now.get(name) is not None:
            yield name, now[name], wanted
