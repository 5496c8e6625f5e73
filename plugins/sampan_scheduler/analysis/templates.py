"""The pods that manifests would bring: those that are given, and those of workloads' templates. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path
from sampan_podspec import node_affinity
from sampan_scheduler.pods import REQUIRED

#: Where the number of pods stands, by kind; one where it is not said.
_COUNTS = {
    "Deployment": "replicas", "ReplicaSet": "replicas", "StatefulSet": "replicas", "ReplicationController": "replicas",
    "Job": "parallelism",
}  # fmt: skip
#: What the pods of a Deployment count as for spreading: they belong to its ReplicaSet.
_OWNERS = {"Deployment": "ReplicaSet"}
#: Taints that the pods of a DaemonSet tolerate. Source: upstream's DaemonSet controller.
_TOLERATED = (
    ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"),
)  # fmt: skip


def pods_of(
    manifests: Sequence[Object], nodes: Sequence[Object], priority_classes: Sequence[Object], namespace: str
) -> Iterator[Object]:
    """Pods with the fields that scheduling reads. Manifests of other kinds bring none."""
    for manifest in manifests:
        if manifest.get("kind") == "List":
            yield from pods_of(manifest.get("items") or [], nodes, priority_classes, namespace)
            continue
        for pod in _of(manifest, nodes, namespace):
            yield _prioritized(pod, priority_classes)


def _of(manifest: Object, nodes: Sequence[Object], default: str) -> Iterable[Object]:
    kind, name = manifest.get("kind") or "", get_path(manifest, "metadata", "name", default="")
    namespace = get_path(manifest, "metadata", "namespace", default="") or default
    if kind == "Pod":
        yield _pod(manifest, name, namespace)
    elif kind == "CronJob":
        job = get_path(manifest, "spec", "jobTemplate", default={})
        yield from _of({**job, "kind": "Job", "metadata": manifest["metadata"]}, nodes, default)
    elif kind == "DaemonSet":
        template = get_path(manifest, "spec", "template", default={})
        for node in nodes:
            labels, node_name = node["metadata"].get("labels") or {}, node["metadata"]["name"]
            if node_affinity.required_matches(template.get("spec") or {}, labels, node_name):
                pod = _pod(template, f"{name}-{node_name}", namespace, (kind, name))
                yield {**pod, "spec": _on(node_name, pod["spec"])}
    elif kind in _COUNTS:
        template = get_path(manifest, "spec", "template", default={})
        count = get_path(manifest, "spec", _COUNTS[kind], default=1)
        for number in range(1 if count is None else count):
            yield _pod(template, f"{name}-{number}", namespace, (_OWNERS.get(kind, kind), name))


def _pod(template: Object, name: str, namespace: str, owner: tuple[str, str] | None = None) -> Object:
    metadata: Object = {
        "name": name, "namespace": namespace, "uid": f"planned:{namespace}/{name}",
        "labels": get_path(template, "metadata", "labels", default={}) or {},
    }  # fmt: skip
    if owner is not None:
        kind, of = owner
        metadata["ownerReferences"] = [{"kind": kind, "name": of, "uid": f"planned:{kind}/{of}", "controller": True}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": dict(template.get("spec") or {})}


def _on(node: str, spec: Object) -> Object:
    """A DaemonSet's pod for this node."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    affinity: dict[str, Any] = dict(spec.get("affinity") or {})
    affinity["nodeAffinity"] = {**(affinity.get("nodeAffinity") or {}), REQUIRED: {"nodeSelectorTerms": [term]}}
    tolerations = [*(spec.get("tolerations") or [])]
    tolerations += [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect} for key, effect in _TOLERATED
    ]
    return {**spec, "affinity": affinity, "tolerations": tolerations}


def _prioritized(pod: Object, classes: Sequence[Object]) -> Object:
    """With the priority that its class, or the default class, gives it."""
    spec = pod["spec"]
    if spec.get("priority") is not None:
        return pod
    wanted = spec.get("priorityClassName")
    for each in classes:
        if each["metadata"]["name"] == wanted or (not wanted and each.get("globalDefault")):
            policy = spec.get("preemptionPolicy") or each.get("preemptionPolicy")
            return {**pod, "spec": {**spec, "priority": each["value"], "preemptionPolicy": policy}}
    return pod
