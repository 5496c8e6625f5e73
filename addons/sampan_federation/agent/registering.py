"""A cluster is registered in pull mode: what is made on the host, and the kubeconfig that its agent gets.

The agent may read the Works of its own cluster and write their status, report how its cluster is, and renew its own
token; it sees no other member's Works and no Secret. Source: Karmada's documentation of `karmadactl register` (the flow
differs: here the host's administrator makes the identity, and no certificate is signed).
"""

from __future__ import annotations

import contextlib
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound
from sampan_client import Client
from sampan_federation.members.joining import Joining, cluster_of, ensure, request_token
from sampan_federation.names import CLUSTER_NAMESPACE, execution_namespace
from sampan_federation.resources import CLUSTERS, INTERPRETER_CUSTOMIZATIONS, WORKS
from sampan_machinery.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    EVENTS,
    LEASES,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
)

_RBAC = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]


def register(host: Client, joining: Joining) -> tuple[str, str]:
    """(token of the agent, when it ends). May be repeated: what is there is brought up to date."""
    for resource, obj in host_objects(joining.name):
        ensure(host, resource, obj)
    cluster = cluster_of(joining, "")
    cluster["spec"] = {
        field: value
        for field, value in cluster["spec"].items()
        if field not in ("apiEndpoint", "secretRef", "impersonatorSecretRef", "insecureSkipTLSVerification")
    }
    cluster["spec"]["syncMode"] = "Pull"
    ensure(host, CLUSTERS, cluster)
    return request_token(host, agent_name(joining.name))


def deregister(host: Client, name: str) -> None:
    """The agent's identity; what is in the execution namespace goes with that."""
    for resource, obj in reversed(host_objects(name)):
        metadata = obj["metadata"]
        if resource is NAMESPACES or metadata.get("namespace") == execution_namespace(name):
            continue
        with contextlib.suppress(NotFound):
            host.delete(resource, metadata["name"], metadata.get("namespace", ""))


def host_objects(name: str) -> list[tuple[Resource, Object]]:
    """What is made on the host, in order."""
    agent, everywhere = agent_name(name), f"karmada-agent:{name}"
    own, shared = execution_namespace(name), CLUSTER_NAMESPACE
    return [
        (NAMESPACES, _object(NAMESPACES, own)),
        (NAMESPACES, _object(NAMESPACES, shared)),
        (SERVICE_ACCOUNTS, _object(SERVICE_ACCOUNTS, agent, shared)),
        (CLUSTER_ROLES, _object(CLUSTER_ROLES, everywhere, rules=cluster_rules(name))),
        (CLUSTER_ROLE_BINDINGS, _bound(CLUSTER_ROLE_BINDINGS, everywhere, "", agent)),
        (ROLES, _object(ROLES, agent, own, rules=RULES)),
        (ROLE_BINDINGS, _bound(ROLE_BINDINGS, agent, own, agent)),
        (ROLES, _object(ROLES, agent, shared, rules=[_rule(SERVICE_ACCOUNTS, ["create"], "token", [agent])])),
        (ROLE_BINDINGS, _bound(ROLE_BINDINGS, agent, shared, agent)),
    ]


def cluster_rules(name: str) -> list[Object]:
    """Its Cluster object, and no other; and what kinds mean."""
    return [
        _rule(CLUSTERS, _READ, "", [name]),
        _rule(CLUSTERS, ["patch"], "status", [name]),
        _rule(INTERPRETER_CUSTOMIZATIONS, _READ),
    ]


def agent_name(cluster: str) -> str:
    return f"karmada-agent-{cluster}"


def _rule(resource: Resource, verbs: list[str], subresource: str = "", names: list[str] | None = None) -> Object:
    plural = f"{resource.plural}/{subresource}" if subresource else resource.plural
    found: Object = {"apiGroups": [resource.group], "resources": [plural], "verbs": verbs}
    return {**found, "resourceNames": names} if names else found


#: In its execution namespace: Works are applied, and let go by their finalizer; the Lease says that it is there.
RULES = [
    _rule(WORKS, [*_READ, "update"]),
    _rule(WORKS, ["patch"], "status"),
    _rule(EVENTS, ["create", "patch"]),
    _rule(LEASES, ["get", "create", "update"]),
]


def _object(resource: Resource, name: str, namespace: str = "", **rest: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **rest}


def _bound(resource: Resource, name: str, namespace: str, agent: str) -> Object:
    role = "Role" if namespace else "ClusterRole"
    return _object(
        resource, name, namespace, roleRef={"apiGroup": _RBAC, "kind": role, "name": name},
        subjects=[{"kind": "ServiceAccount", "name": agent, "namespace": CLUSTER_NAMESPACE}],
    )  # fmt: skip
