"""A pod on a node whose containers have not begun: what it mounts or its network is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object, Resource
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import event_fact, flag, namespace_of, sentence, since, warnings
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import CONFIG_MAPS, NODES, SECRETS, SERVICE_ACCOUNTS

_SLOW = 10.0  # seconds after which an agent that works would have said something
_PLACES = (("configMap", "name", CONFIG_MAPS), ("secret", "secretName", SECRETS))


def explain(pod: Object, objects: Objects) -> Iterator[Cause]:
    missing = list(_missing(pod, objects))
    yield from missing
    if missing:
        return
    for event in warnings(pod, objects)[:1]:
        reason = event.get("reason") or "Warning"
        what = {
            "FailedMount": "Its node cannot mount a volume",
            "FailedAttachVolume": "A volume cannot be attached to its node",
            "FailedCreatePodSandBox": "Its node cannot make the pod's network",
        }.get(reason, "Its node says")
        yield Cause(
            reason=reason, text=f"{what}: {sentence(event.get('message'))}", facts=(event_fact(event),),
            commands=tuple(_commands(pod, reason)),
        )  # fmt: skip
        return
    if since(pod["metadata"].get("creationTimestamp"), objects.now) > _SLOW:
        yield from _no_agent(pod, objects)


def _commands(pod: Object, reason: str) -> Iterator[str]:
    if reason == "FailedAttachVolume":
        yield "kubectl get volumeattachments"
    yield f"kubectl describe pod {pod['metadata']['name']}{flag(namespace_of(pod))}"


def _no_agent(pod: Object, objects: Objects) -> Iterator[Cause]:
    node = pod["spec"]["nodeName"]
    if objects.get(NODES, node) is None and objects.is_known(NODES, "", node):
        yield Cause(
            reason="NodeGone", text=f"It is bound to node {node}, which does not exist.",
            facts=(f"spec.nodeName is {node}",),
            commands=(f"kubectl delete pod {pod['metadata']['name']}{flag(namespace_of(pod))}",),
        )  # fmt: skip
    elif not (pod.get("status") or {}).get("containerStatuses"):
        yield Cause(
            reason="NodeSilent", text=f"Node {node} has not begun it and has said nothing of it.",
            facts=("status.containerStatuses is empty", "there is no event about the pod"),
            commands=(f"sampan why node/{node}", f"kubectl describe node {node}"), about=f"node/{node}",
        )  # fmt: skip


def _missing(pod: Object, objects: Objects) -> Iterator[Cause]:
    namespace = namespace_of(pod)
    for volume in pod["spec"].get("volumes") or ():
        for source in (volume, *(get_path(volume, "projected", "sources", default=()) or ())):
            for field, named, resource in _PLACES:
                part = source.get(field) or {}
                name = part.get(named) or part.get("name") or ""
                if name and not part.get("optional"):
                    yield from lacking(resource, name, namespace, objects, f"its volume {volume['name']}")
    account = pod["spec"].get("serviceAccountName") or ""
    if account and pod["spec"].get("automountServiceAccountToken") is not False:
        yield from lacking(SERVICE_ACCOUNTS, account, namespace, objects, "its token")


def lacking(
    resource: Resource, name: str, namespace: str, objects: Objects, what: str, key: str = ""
) -> Iterator[Cause]:
    """Nothing where the object is there, and has the key."""
    found = objects.get(resource, name, namespace)
    kind = resource.kind.lower()
    if found is None:
        if objects.is_known(resource, namespace, name):
            yield Cause(
                reason=f"{resource.kind}Missing",
                text=f"{what[0].upper()}{what[1:]} needs the {resource.kind} {name}, which does not exist.",
                facts=(f"there is no {kind} {name} in namespace {namespace}",),
                commands=(_create(resource, name, namespace),), about=f"{kind}/{name}",
            )  # fmt: skip
    elif key and key not in {**(found.get("data") or {}), **(found.get("binaryData") or {})}:
        keys = sorted({**(found.get("data") or {}), **(found.get("binaryData") or {})})
        yield Cause(
            reason="KeyMissing",
            text=f"{what[0].upper()}{what[1:]} needs the key {key} of the {resource.kind} {name}, which has no "
            "such key.",
            facts=(f"keys of {kind}/{name}: {', '.join(keys) or 'none'}",),
            commands=(f"kubectl edit {kind} {name}{flag(namespace)}",), about=f"{kind}/{name}",
        )  # fmt: skip


def _create(resource: Resource, name: str, namespace: str) -> str:
    words = {"ConfigMap": "configmap", "Secret": "secret generic", "ServiceAccount": "serviceaccount"}[resource.kind]
    more = "" if resource.kind == "ServiceAccount" else " --from-literal=KEY=VALUE"
    return f"kubectl create {words} {name}{flag(namespace)}{more}"
