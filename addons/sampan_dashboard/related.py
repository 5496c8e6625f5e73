"""What belongs together: owners, owned objects, events, and the path that traffic takes. Reads and pure choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan_dashboard.accounts import Account
from sampan_dashboard.health import Health, health
from sampan_dashboard.logs import selector_of
from sampan_dashboard.navigation import object_link
from sampan_dashboard.reading import Target, some
from sampan_machinery.metadata import is_owned_by, labels_of, owners
from sampan_machinery.selectors import escape, from_labels

#: Kind of an owner → the kinds whose owner it can be.
OWNED: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("replicasets.apps",),
    "ReplicaSet": ("pods",),
    "ReplicationController": ("pods",),
    "StatefulSet": ("pods",),
    "DaemonSet": ("pods",),
    "Job": ("pods",),
    "CronJob": ("jobs.batch",),
    "Service": ("endpointslices.discovery.k8s.io",),
}
SERVED = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
MOST = 200


class Linked(NamedTuple):
    """An object as a line of a page."""

    kind: str
    name: str
    namespace: str
    address: str
    health: Health
    created: str


class Warned(NamedTuple):
    """An event."""

    type: str
    reason: str
    message: str
    times: int  # that it was seen
    time: str
    about: str
    address: str


def linked(obj: Object, resource: Resource) -> Linked:
    metadata = obj.get("metadata") or {}
    name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
    return Linked(
        resource.kind, name, namespace, object_link(resource, namespace, name), health(obj),
        str(metadata.get("creationTimestamp") or ""),
    )  # fmt: skip


def owners_of(account: Account, obj: Object) -> list[Linked]:
    """By the references alone: an owner that has gone is still named."""
    found, namespace = [], str((obj.get("metadata") or {}).get("namespace") or "")
    for each in owners(obj):
        resource = account.resource_of(str(each.get("apiVersion") or ""), str(each.get("kind") or ""))
        address = object_link(resource, namespace, str(each.get("name"))) if resource else ""
        found.append(Linked(str(each.get("kind")), str(each.get("name")), namespace, address, Health("", ""), ""))
    return found


def owned_by(account: Account, obj: Object) -> list[Linked]:
    """The objects that this one controls; for a Node the pods on it. The newest first."""
    metadata, found = obj["metadata"], []
    for name in OWNED.get(str(obj["kind"]), ()):
        if (kind := account.kind(name)) is not None:
            labels = selector_of(obj) if obj["kind"] not in ("CronJob", "Service") else ""
            each = some(account.client, kind.resource, str(metadata.get("namespace") or ""), labels=labels)
            found += [linked(one, kind.resource) for one in each if is_owned_by(one, metadata["uid"])]
    if obj["kind"] == "Node" and (kind := account.kind("pods")) is not None:
        fields = f"spec.nodeName={escape(metadata['name'])}"
        found += [linked(one, kind.resource) for one in some(account.client, kind.resource, fields=fields, most=MOST)]
    return sorted(found, key=lambda one: one.created, reverse=True)[:MOST]


def events_of(account: Account, obj: Object) -> list[Warned]:
    kind = account.kind("events")
    metadata = obj.get("metadata") or {}
    if kind is None or not metadata.get("uid"):
        return []
    fields = f"involvedObject.uid={escape(str(metadata['uid']))}"
    namespace = str(metadata.get("namespace") or "")
    return recent(some(account.client, kind.resource, namespace, fields=fields, most=500), account)


def recent(events: Iterable[Object], account: Account | None = None) -> list[Warned]:
    """The newest first."""
    return sorted((event(each, account) for each in events), key=lambda one: one.time, reverse=True)


def event(found: Object, account: Account | None) -> Warned:
    about = found.get("involvedObject") or found.get("regarding") or {}
    series = found.get("series") or {}
    times = (series.get("lastObservedTime"), found.get("lastTimestamp"), found.get("eventTime"))
    metadata = found.get("metadata") or {}
    time = next((str(each) for each in times if each), str(metadata.get("creationTimestamp") or ""))
    kind, name = str(about.get("kind") or ""), str(about.get("name") or "")
    resource = account.resource_of(str(about.get("apiVersion") or ""), kind) if account else None
    address = object_link(resource, str(about.get("namespace") or ""), name) if resource and name else ""
    message = str(found.get("message") or found.get("note") or "")
    count = int(series.get("count") or found.get("count") or 1)
    return Warned(
        str(found.get("type") or ""), str(found.get("reason") or ""), message, count, time, f"{kind} {name}", address
    )


class Hop(NamedTuple):
    """One step of the path that traffic takes."""

    kind: str
    name: str
    detail: str
    tone: str
    resource: str  # group resource, for the link


def backends(ingress: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(host and path, Service, port) of each rule."""
    spec = ingress.get("spec") or {}
    found = []
    rules: list[tuple[str, Any]] = [("default", {"backend": spec.get("defaultBackend")})]
    for rule in spec.get("rules") or ():
        host = str(rule.get("host") or "*")
        rules += [(host + str(path.get("path") or "/"), path) for path in (rule.get("http") or {}).get("paths") or ()]
    for where, path in rules:
        service = ((path.get("backend") or {}).get("service")) or {}
        if service.get("name"):
            port = service.get("port") or {}
            found.append((where, str(service["name"]), str(port.get("name") or port.get("number") or "")))
    return found


def selects(service: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    selector = (service.get("spec") or {}).get("selector")
    return bool(selector) and from_labels(selector).matches(labels)


def path_of(
    service: Object, ingresses: Sequence[Object], slices: Sequence[Object]
) -> tuple[list[Hop], list[Hop], list[Hop]]:
    """How traffic comes to a Service and goes on: Ingresses, the Service itself, endpoints."""
    name = str(service["metadata"]["name"])
    before = [
        Hop("Ingress", str(each["metadata"]["name"]), where, "", "ingresses.networking.k8s.io")
        for each in ingresses
        for where, to, _ in backends(each)
        if to == name
    ]
    ports = ", ".join(str(each.get("port")) for each in (service.get("spec") or {}).get("ports") or ())
    after = []
    for each in slices:
        if (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name") != name:
            continue
        for point in each.get("endpoints") or ():
            ready = (point.get("conditions") or {}).get("ready") is not False
            target = point.get("targetRef") or {}
            pod = str(target.get("name") or "") if target.get("kind") == "Pod" else ""
            detail = ", ".join(map(str, point.get("addresses") or ()))
            after.append(
                Hop("Pod" if pod else "Endpoint", pod or detail, detail if ready else f"{detail}, not ready",
                    "good" if ready else "bad", "pods" if pod else "")
            )  # fmt: skip
    tone = "good" if any(hop.tone == "good" for hop in after) else "bad"
    return before, [Hop("Service", name, ports, tone, "services")], after


def pod_labels(obj: Mapping[str, Any]) -> dict[str, str]:
    """Of a pod, or of the pods that a workload makes; {} for any other object."""
    if obj["kind"] == "Pod":
        return labels_of(obj)
    template = (obj.get("spec") or {}).get("template")
    return labels_of(template) if isinstance(template, dict) and obj["kind"] in SERVED else {}


class Traffic(NamedTuple):
    before: list[Hop]
    middle: list[Hop]
    after: list[Hop]


def traffic_of(target: Target, obj: Object) -> list[Traffic]:
    """The paths through the Services that an object is part of: a Service, its pods, its Ingresses."""
    account, namespace = target.account, target.namespace
    labels = pod_labels(obj)
    if obj["kind"] not in ("Service", "Ingress") and not labels:
        return []

    def read(name: str) -> list[Object]:
        kind = account.kind(name)
        return some(account.client, kind.resource, namespace) if kind else []

    services = [obj] if obj["kind"] == "Service" else read("services")
    ingresses = [obj] if obj["kind"] == "Ingress" else read("ingresses.networking.k8s.io")
    if labels:
        services = [each for each in services if selects(each, labels)]
    elif obj["kind"] == "Ingress":
        named = {name for _, name, _ in backends(obj)}
        services = [each for each in services if each["metadata"]["name"] in named]
    slices = read("endpointslices.discovery.k8s.io") if services else []
    return [Traffic(*path_of(each, ingresses, slices)) for each in services]
