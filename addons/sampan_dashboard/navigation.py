"""Addresses of pages, and the menu made of the kinds that the server has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from sampan.contracts.kinds import Resource
from sampan_client.discovery import Discovered

#: Group of the menu → the kinds in it, in order. Kinds of other groups of the API stand under "Custom".
MENU: Mapping[str, tuple[str, ...]] = {
    "Workloads": (
        "pods", "deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch",
        "replicasets.apps", "replicationcontrollers", "horizontalpodautoscalers.autoscaling",
        "poddisruptionbudgets.policy",
    ),
    "Network": (
        "services", "ingresses.networking.k8s.io", "endpointslices.discovery.k8s.io",
        "networkpolicies.networking.k8s.io", "ingressclasses.networking.k8s.io",
    ),
    "Configuration": ("configmaps", "secrets", "resourcequotas", "limitranges"),
    "Storage": ("persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"),
    "Access": (
        "serviceaccounts", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
    ),
    "Cluster": (
        "nodes", "namespaces", "events", "events.events.k8s.io", "leases.coordination.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
    ),
}  # fmt: skip
HIDDEN = frozenset({"events.events.k8s.io", "componentstatuses", "endpoints", "bindings"})
ANYWHERE = "-"  # in place of a namespace: a name of a namespace does not begin with a hyphen


class Entry(NamedTuple):
    text: str
    resource: Resource
    address: str


class Group(NamedTuple):
    text: str
    entries: list[Entry]


def groups(kinds: Iterable[Discovered]) -> list[Group]:
    known = {kind.resource.group_resource: kind.resource for kind in kinds}
    found = [
        Group(text, [entry(known[name]) for name in names if name in known and name not in HIDDEN])
        for text, names in MENU.items()
    ]
    placed = {name for names in MENU.values() for name in names} | HIDDEN
    rest = sorted(set(known) - placed)
    found.append(Group("Kubernetes", [entry(known[name]) for name in rest if is_own(known[name].group)]))
    found.append(Group("Custom", [entry(known[name]) for name in rest if not is_own(known[name].group)]))
    return [group for group in found if group.entries]


def is_own(group: str) -> bool:
    """Whether a group of the API is Kubernetes' own. Source: KEP-2337, "k8s.io Group Protection"."""
    return "." not in group or group.endswith(".k8s.io")


def entry(resource: Resource) -> Entry:
    return Entry(resource.kind, resource, link("l", resource.group_resource))


def link(*parts: str, **query: Any) -> str:
    """``/l/pods?namespace=default``; empty parameters are left out."""
    given = {key: value for key, value in query.items() if value not in ("", None, False)}
    path = "/" + "/".join(quote(part, safe=":") for part in parts)
    return f"{path}?{urlencode(given)}" if given else path


def object_link(resource: Resource, namespace: str, name: str, *rest: str) -> str:
    where = namespace if resource.namespaced and namespace else ANYWHERE
    return link("o", resource.group_resource, where, name, *rest)


def is_local(address: str) -> bool:
    """Whether a redirect stays here: an absolute path, and nothing that a browser reads as another host."""
    return address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
