"""What is a column of its own, beside the whole object as JSON: of every kind, and of kinds that people ask for. "
"Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sampan.contracts.resources import Object
from sampan_machinery import quantities
from sampan_machinery.metadata import condition_is, get_path

Value = str | int | float | None
Getter = Callable[[Object], Value]
#: Values are JSON texts.
JSON_COLUMNS = ("labels", "annotations", "object")
_ORDINARY = re.compile(r"[^a-z0-9]+")
_encode = msgspec.json.Encoder().encode


def _path(*path: str | int) -> Getter:
    def get(obj: Object) -> Value:
        found = get_path(obj, *path)
        return found if found is None or isinstance(found, str | int | float) else _encode(found).decode()

    return get


def _json(*path: str) -> Getter:
    return lambda obj: _encode(get_path(obj, *path, default=None) or {}).decode()


def _owner(obj: Object) -> Value:
    owners = get_path(obj, "metadata", "ownerReferences", default=()) or ()
    found = next((each for each in owners if each.get("controller")), None)
    return f"{found['kind'].lower()}/{found['name']}" if found else None


def _amount(*path: str) -> Getter:
    """Of a quantity: a number in its unit (cores, bytes)."""
    return lambda obj: amount(get_path(obj, *path))


def amount(text: Any) -> float | None:
    """1.5 of "1500m", 1073741824 of "1Gi"; None of what is no quantity."""
    if text is None or not quantities.is_quantity(text):
        return None
    return quantities.nanos(text) / quantities.NANOS


def _requests(resource: str) -> Getter:
    def get(pod: Object) -> Value:
        containers = get_path(pod, "spec", "containers", default=()) or ()
        found = [amount(get_path(each, "resources", "requests", resource)) for each in containers]
        return sum(filter(None, found))

    return get


def _restarts(pod: Object) -> Value:
    return sum(each.get("restartCount") or 0 for each in get_path(pod, "status", "containerStatuses", default=()) or ())


def _images(*path: str) -> Getter:
    return lambda obj: ",".join(each.get("image", "") for each in get_path(obj, *path, "containers", default=()) or ())


def _condition(name: str) -> Getter:
    return lambda obj: int(condition_is(obj.get("status"), name))


def _ports(service: Object) -> Value:
    return ",".join(str(port.get("port")) for port in get_path(service, "spec", "ports", default=()) or ())


def _about(event: Object) -> Value:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


COMMON: dict[str, Getter] = {
    "name": _path("metadata", "name"),
    "namespace": _path("metadata", "namespace"),
    "uid": _path("metadata", "uid"),
    "created": _path("metadata", "creationTimestamp"),
    "owner": _owner,
    "labels": _json("metadata", "labels"),
    "annotations": _json("metadata", "annotations"),
    "object": lambda obj: _encode(obj).decode(),
}
_REPLICAS: dict[str, Getter] = {
    "replicas": _path("spec", "replicas"),
    "ready_replicas": lambda obj: get_path(obj, "status", "readyReplicas", default=0) or 0,
    "images": _images("spec", "template", "spec"),
}
#: By group and plural.
SPECIAL: dict[tuple[str, str], dict[str, Getter]] = {
    ("", "pods"): {
        "node": _path("spec", "nodeName"), "phase": _path("status", "phase"), "ip": _path("status", "podIP"),
        "ready": _condition("Ready"), "restarts": _restarts, "images": _images("spec"),
        "service_account": _path("spec", "serviceAccountName"), "priority": _path("spec", "priority"),
        "cpu_requests": _requests("cpu"), "memory_requests": _requests("memory"),
    },
    ("", "nodes"): {
        "ready": _condition("Ready"), "unschedulable": lambda node: int(bool(get_path(node, "spec", "unschedulable"))),
        "cpu": _amount("status", "allocatable", "cpu"), "memory": _amount("status", "allocatable", "memory"),
        "version": _path("status", "nodeInfo", "kubeletVersion"),
    },
    ("apps", "deployments"): _REPLICAS,
    ("apps", "statefulsets"): _REPLICAS,
    ("apps", "replicasets"): _REPLICAS,
    ("apps", "daemonsets"): {
        "replicas": _path("status", "desiredNumberScheduled"), "ready_replicas": _path("status", "numberReady"),
        "images": _images("spec", "template", "spec"),
    },
    ("", "services"): {
        "type": _path("spec", "type"), "cluster_ip": _path("spec", "clusterIP"), "ports": _ports,
        "selector": _json("spec", "selector"),
    },
    ("", "events"): {
        "type": _path("type"), "reason": _path("reason"), "message": _path("message"), "about": _about,
        "count": _path("count"), "last_seen": _path("lastTimestamp"),
    },
    ("", "persistentvolumeclaims"): {
        "phase": _path("status", "phase"), "class": _path("spec", "storageClassName"),
        "volume": _path("spec", "volumeName"), "size": _amount("status", "capacity", "storage"),
    },
    ("", "persistentvolumes"): {
        "phase": _path("status", "phase"), "class": _path("spec", "storageClassName"),
        "size": _amount("spec", "capacity", "storage"), "claim": _path("spec", "claimRef", "name"),
    },
    ("", "namespaces"): {"phase": _path("status", "phase")},
    ("", "secrets"): {"type": _path("type")},
    ("batch", "jobs"): {
        "active": lambda job: get_path(job, "status", "active", default=0) or 0,
        "succeeded": lambda job: get_path(job, "status", "succeeded", default=0) or 0,
        "failed": lambda job: get_path(job, "status", "failed", default=0) or 0,
    },
}  # fmt: skip


def column_name(title: str) -> str:
    """``CLUSTER-IP`` → cluster_ip."""
    return _ORDINARY.sub("_", title.lower()).strip("_")


def printed(definitions: Iterable[Object], taken: Iterable[str]) -> list[tuple[int, str]]:
    """(place, name) of the server's printed columns that are columns, too: those that no other one has the name of."""
    known = {*taken, "age"}
    found = []
    for place, definition in enumerate(definitions):
        name = column_name(str(definition.get("name", "")))
        if name and name not in known:
            known.add(name)
            found.append((place, name))
    return found
