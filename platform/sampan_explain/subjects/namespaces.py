"""A namespace that does not go. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import condition_fact, listed, sentence
from sampan_machinery.metadata import get_condition, get_path
from sampan_machinery.resources import API_SERVICES

_CONDITIONS = (
    ("NamespaceDeletionDiscoveryFailure", "not every API of the cluster answers, so that it is not known what is left"),
    ("NamespaceDeletionGroupVersionParsingFailure", "the name of an API cannot be read"),
    ("NamespaceDeletionContentFailure", "some of its objects cannot be deleted"),
    ("NamespaceFinalizersRemaining", "some of its objects wait for their finalizers"),
    ("NamespaceContentRemaining", "some of its objects are still there"),
)


def state(namespace: Object) -> str:
    return "Terminating" if namespace["metadata"].get("deletionTimestamp") else ""


def explain(namespace: Object, objects: Objects) -> Iterator[Cause]:
    if not namespace["metadata"].get("deletionTimestamp"):
        return
    name, status = namespace["metadata"]["name"], namespace.get("status") or {}
    broken = [each for each in objects.list(API_SERVICES) if _is_broken(each)]
    for each in broken:
        available = get_condition(each.get("status"), "Available") or {}
        yield Cause(
            reason="BrokenAPIService",
            text=f"The API {each['metadata']['name']} does not answer, so its objects cannot be listed and deleted: "
            f"{sentence(available.get('message') or available.get('reason'))}",
            facts=(f"apiservice {each['metadata']['name']}: Available is {available.get('status')}",),
            commands=(f"kubectl delete apiservice {each['metadata']['name']}  # if its server is gone for good",),
            about=f"apiservice/{each['metadata']['name']}",
        )  # fmt: skip
    said = False
    for kind, meaning in _CONDITIONS:
        found = get_condition(status, kind)
        if found is None or found["status"] != "True":
            continue
        if kind == "NamespaceContentRemaining" and said:
            continue
        said = True
        yield Cause(
            reason=found.get("reason") or kind, text=f"It stays because {meaning}: {sentence(found.get('message'))}",
            facts=(condition_fact(found),), commands=tuple(_commands(name, kind)),
        )  # fmt: skip
    waiting = [each for each in get_path(namespace, "spec", "finalizers", default=()) or () if each != "kubernetes"]
    if waiting:
        yield Cause(
            reason="NamespaceFinalizers", text=f"It waits for finalizers of its own: {listed(waiting)}.",
            facts=(f"spec.finalizers: {listed(waiting)}",),
            commands=(f"kubectl get namespace {name} -o yaml",),
        )  # fmt: skip


def _commands(name: str, kind: str) -> Iterator[str]:
    if kind == "NamespaceDeletionDiscoveryFailure":
        yield "kubectl get apiservices"
    else:
        yield (
            "kubectl api-resources --verbs=list --namespaced -o name | "
            f"xargs -n 1 kubectl get -n {name} --ignore-not-found --show-kind"
        )


def _is_broken(service: Object) -> bool:
    available = get_condition(service.get("status"), "Available")
    return bool(get_path(service, "spec", "service")) and available is not None and available["status"] != "True"
