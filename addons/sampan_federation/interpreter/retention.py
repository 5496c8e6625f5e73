"""What members own: fields of an object on a member that an update must leave as they are, by kind.

Source: Karmada's documentation, "Customizing Resource Interpreter": Retain of the built-in interpreter. Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import mapping
from sampan_federation.works.names import MANAGED_ANNOTATIONS, MANAGED_LABELS, RETAIN_REPLICAS
from sampan_machinery.metadata import annotations_of, copy, get_path, labels_of, set_path

_OF_SERVER = ("resourceVersion", "finalizers", "ownerReferences", "uid")


def retained(desired: Object, observed: Object) -> Object:
    """The object to PUT on the member where ``observed`` is: ``desired`` with what the member owns."""
    merged = with_metadata(desired, observed)
    rule = RULES.get(kind_of(desired))
    return rule(merged, observed) if rule is not None else merged


def with_metadata(desired: Object, observed: Object) -> Object:
    """``desired`` with the member's finalizers, owners, labels and annotations. A label or annotation that the host has
    removed since (it is named in managed-labels or managed-annotations) is not kept."""
    merged: Object = copy(desired)
    metadata = merged["metadata"]
    for name in _OF_SERVER:
        if observed["metadata"].get(name):
            metadata[name] = copy(observed["metadata"][name])
    for name, record in (("labels", MANAGED_LABELS), ("annotations", MANAGED_ANNOTATIONS)):
        managed = set(str(annotations_of(observed).get(record) or "").split(","))
        kept = {key: value for key, value in (observed["metadata"].get(name) or {}).items() if key not in managed}
        joined = {**kept, **(metadata.get(name) or {})}
        if joined:
            metadata[name] = joined
    return merged


def with_record(obj: Object) -> Object:
    """The object with the names of its labels and annotations, for ``with_metadata`` of a later update."""
    metadata = obj["metadata"]
    annotations = metadata.setdefault("annotations", {})
    annotations[MANAGED_LABELS] = ",".join(sorted(labels_of(obj)))
    annotations[MANAGED_ANNOTATIONS] = ",".join(sorted({*annotations, MANAGED_ANNOTATIONS}))
    return obj


def _take(desired: Object, observed: Object, *paths: tuple[str, ...]) -> Object:
    for path in paths:
        value = get_path(observed, *path)
        if value not in (None, "", 0):
            set_path(desired, path, copy(value))
    return desired


def _scaled(desired: Object, observed: Object) -> Object:
    """Replicas are the member's where an autoscaler runs there, which the label says."""
    if labels_of(desired).get(RETAIN_REPLICAS) == "true":
        replicas = get_path(observed, "spec", "replicas")
        if type(replicas) is int:
            set_path(desired, ("spec", "replicas"), replicas)
    return desired


def _service(desired: Object, observed: Object) -> Object:
    """Addresses and node ports that the member has allocated."""
    _take(desired, observed, ("spec", "healthCheckNodePort"))
    headless = get_path(desired, "spec", "clusterIP") == "None"
    if not headless:
        _take(desired, observed, ("spec", "clusterIP"), ("spec", "clusterIPs"))
    allocated = {_port(each): each.get("nodePort") for each in get_path(observed, "spec", "ports", default=[])}
    if get_path(desired, "spec", "type") in ("NodePort", "LoadBalancer"):
        for port in get_path(desired, "spec", "ports", default=[]):
            if not port.get("nodePort") and allocated.get(_port(port)):
                port["nodePort"] = allocated[_port(port)]
    return desired


def _port(port: Object) -> tuple[Any, Any]:
    return port.get("port"), port.get("protocol") or "TCP"


def _service_account(desired: Object, observed: Object) -> Object:
    for name in ("secrets", "imagePullSecrets"):
        merged = _joined(desired.get(name) or [], observed.get(name) or [])
        if merged:
            desired[name] = merged
    return desired


def _joined(first: Iterable[Object], more: Iterable[Object]) -> list[Object]:
    found = {each.get("name"): each for each in (*more, *first) if isinstance(each, dict)}
    return list(found.values())


def _secret(desired: Object, observed: Object) -> Object:
    if desired.get("type") == "kubernetes.io/service-account-token" and observed.get("data"):
        desired["data"] = copy(observed["data"])
    return desired


def _job(desired: Object, observed: Object) -> Object:
    """The selector and labels by which the member's controller knows the pods."""
    return _take(desired, observed, ("spec", "selector"), ("spec", "template", "metadata", "labels"))


def _claim(desired: Object, observed: Object) -> Object:
    return _take(desired, observed, ("spec", "volumeName"))


def _volume(desired: Object, observed: Object) -> Object:
    return _take(desired, observed, ("spec", "claimRef"))


def _pod(desired: Object, observed: Object) -> Object:
    """A pod's spec cannot be changed, but for images, deadline and added tolerations."""
    spec = copy(dict(mapping(observed, "spec")))
    for field in ("containers", "initContainers"):
        images = {each.get("name"): each.get("image") for each in get_path(desired, "spec", field, default=[])}
        for container in spec.get(field) or ():
            if images.get(container.get("name")):
                container["image"] = images[container["name"]]
    deadline = get_path(desired, "spec", "activeDeadlineSeconds")
    if deadline is not None:
        spec["activeDeadlineSeconds"] = deadline
    known = spec.get("tolerations") or []
    fresh = [each for each in get_path(desired, "spec", "tolerations", default=[]) if each not in known]
    if fresh:
        spec["tolerations"] = [*known, *copy(fresh)]
    desired["spec"] = spec
    return desired


RULES: dict[KindName, Callable[[Object, Object], Object]] = {
    kinds.DEPLOYMENT: _scaled,
    kinds.REPLICA_SET: _scaled,
    kinds.STATEFUL_SET: _scaled,
    kinds.SERVICE: _service,
    kinds.SERVICE_ACCOUNT: _service_account,
    kinds.SECRET: _secret,
    kinds.JOB: _job,
    kinds.CLAIM: _claim,
    kinds.VOLUME: _volume,
    kinds.POD: _pod,
}
