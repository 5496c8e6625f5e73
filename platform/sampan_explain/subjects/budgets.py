"""A PodDisruptionBudget that allows no eviction. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import pods
from sampan_explain.subjects.said import condition_fact, flag, namespace_of, plural, ref, sentence
from sampan_machinery.metadata import condition_is, get_condition, labels_of
from sampan_machinery.resources import PODS
from sampan_machinery.selectors import from_object

_MOST = 3


def state(budget: Object) -> str:
    allowed = (budget.get("status") or {}).get("disruptionsAllowed")
    return "" if allowed is None else f"allowing {plural(allowed, 'disruption')}"


def explain(budget: Object, objects: Objects) -> Iterator[Cause]:
    status, spec = budget.get("status") or {}, budget["spec"]
    failed = get_condition(status, "DisruptionAllowed")
    if failed is not None and failed.get("reason") == "SyncFailed":
        yield Cause(
            reason="SyncFailed", text=f"It cannot be computed: {sentence(failed.get('message'))}",
            facts=(condition_fact(failed),), commands=(_edit(budget),),
        )  # fmt: skip
        return
    found = matching(budget, objects)
    if not found and objects.is_known(PODS, namespace_of(budget)):
        yield Cause(
            reason="NoPodMatches", text="It protects nothing: its selector matches no pod.",
            facts=(f"spec.selector is {spec.get('selector') or 'empty'}",),
            commands=(f"kubectl get pods{flag(namespace_of(budget))} --show-labels",), note=True,
        )  # fmt: skip
        return
    if status.get("disruptionsAllowed") or not found:
        return
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    rule = ", ".join(f"{key} {spec[key]}" for key in ("minAvailable", "maxUnavailable") if spec.get(key) is not None)
    facts = (
        f"spec: {rule}", f"status: {healthy} healthy, {desired} must be, of "
        f"{plural(status.get('expectedPods', 0), 'pod')}"
    )  # fmt: skip
    bad = [pod for pod in found if not condition_is(pod.get("status"), "Ready")]
    if healthy < desired:
        yield Cause(
            reason="TooFewHealthy",
            text=f"It allows no eviction: {healthy} of its pods are healthy and {desired} must be.", facts=facts,
            commands=tuple(f"sampan why {ref(pod)}{flag(namespace_of(budget))}" for pod in bad[:_MOST]),
        )  # fmt: skip
        for pod in bad[:_MOST]:
            for cause in pods.explain(pod, objects):
                if not cause.note:
                    yield replace(cause.of(ref(pod)), lines=())
        return
    yield Cause(
        reason="BudgetAllowsNone",
        text=f"It allows no eviction, though all is healthy: {rule} of {plural(status.get('expectedPods', 0), 'pod')} "
        "leaves none to spare. A drain of a node that has one of them waits for ever.",
        facts=facts, commands=("kubectl scale …  # one replica more", _edit(budget)),
    )  # fmt: skip


def matching(budget: Object, objects: Objects) -> list[Object]:
    """The pods that it protects."""
    selector = from_object(budget["spec"].get("selector"))
    return [pod for pod in objects.list(PODS, namespace_of(budget)) if selector.matches(labels_of(pod))]


def _edit(budget: Object) -> str:
    return f"kubectl edit pdb {budget['metadata']['name']}{flag(namespace_of(budget))}"
