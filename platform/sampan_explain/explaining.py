"""From an object to its explanation: by what was read, and by reading what is missing until nothing is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause, Explanation, distinct
from sampan_explain.contracts import Explainer
from sampan_explain.objects import Objects, Read, Want

#: The module of ``subjects`` that explains a kind, by group and kind; imported when an object of it is explained.
_SUBJECTS = {
    ("", "Pod"): "pods",
    ("", "ReplicationController"): "rollouts",
    ("apps", "Deployment"): "rollouts",
    ("apps", "ReplicaSet"): "rollouts",
    ("apps", "StatefulSet"): "rollouts",
    ("apps", "DaemonSet"): "rollouts",
    ("", "Service"): "services",
    ("networking.k8s.io", "Ingress"): "ingresses",
    ("", "PersistentVolumeClaim"): "claims",
    ("", "Namespace"): "namespaces",
    ("autoscaling", "HorizontalPodAutoscaler"): "autoscalers",
    ("batch", "Job"): "jobs",
    ("batch", "CronJob"): "jobs",
    ("policy", "PodDisruptionBudget"): "budgets",
    ("", "Node"): "nodes",
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "webhooks",
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "webhooks",
}
ROUNDS = 10  # an Ingress asks for its Service, then its pods, then their claims, then their volumes …


def explain(obj: Object, objects: Objects, explainers: Sequence[Explainer] = ()) -> Explanation:
    """By what is in ``objects`` alone: pure."""
    metadata = obj["metadata"]
    ref = f"{obj['kind'].lower()}/{metadata['name']}"
    found = distinct(_causes(obj, objects, explainers))
    unread = tuple(dict.fromkeys(_unread(want, why) for want, why in objects.unread.items()))
    return Explanation(ref, metadata.get("namespace", ""), state_of(obj), tuple(found), unread)


def gather(obj: Object, read: Read, *, now: float, explainers: Sequence[Explainer] = ()) -> Explanation:
    """Explain the object, read what that asked for, and again, until it asks for nothing new."""
    objects = Objects(now)
    found = explain(obj, objects, explainers)
    for _ in range(ROUNDS):
        if not objects.wanted:
            break
        for want in list(objects.wanted):
            objects.add(want, read(want))
        found = explain(obj, objects, explainers)
    return found


def causes_of(obj: Object, objects: Objects) -> list[Cause]:
    """What this library itself has to say of the object, for a subject that rests on others."""
    return list(_causes(obj, objects, ()))


def state_of(obj: Object) -> str:
    """In a word or two, "" where the kind has no usual word."""
    module = _module(obj)
    said: str = module.state(obj) if module is not None and hasattr(module, "state") else ""
    return "being deleted" if obj["metadata"].get("deletionTimestamp") and not said else said


def _causes(obj: Object, objects: Objects, explainers: Sequence[Explainer]) -> Iterator[Cause]:
    from sampan_explain.subjects import anything

    module = _module(obj)
    if module is not None:
        yield from module.explain(obj, objects)
    for each in explainers:
        if (each.group, each.kind) == _kind(obj):
            yield from each.explain(obj, objects)
    yield from anything.explain(obj, objects, known=module is not None)


def _module(obj: Object) -> Any:  # with explain(object, objects), and maybe state(object); None: no subject
    name = _SUBJECTS.get(_kind(obj))
    return importlib.import_module(f"sampan_explain.subjects.{name}") if name else None


def _kind(obj: Object) -> tuple[str, str]:
    return obj.get("apiVersion", "v1").rpartition("/")[0], obj.get("kind", "")


def _unread(want: Want, why: str) -> str:
    what = f"the log of {want.container}" if want.container else want.resource.plural
    return f"{what}{f' of namespace {want.namespace}' if want.namespace and not want.container else ''} ({why})"
