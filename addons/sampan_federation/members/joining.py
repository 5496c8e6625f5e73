"""A cluster joins the federation in push mode, and leaves it: what is made on the member, and on the host.

On the member an identity of its own (a ServiceAccount) with the rights to run workloads and no more: no right to change
RBAC, nodes or admission, and none to act as others. A second one may act as others and do nothing else: by it users of
the host reach the member (clusters/proxy). On the host a Secret with the token of each, and the Cluster object.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, BadRequest, Conflict, NotFound
from sampan_client import Client
from sampan_federation.names import CLUSTER_NAMESPACE
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import copy
from sampan_machinery.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
)

#: Of a Secret: when its token ends (RFC 3339), and on the member the account that it is of.
EXPIRES, ACCOUNT = "federation.sampan.dev/token-expires", "federation.sampan.dev/service-account"
TOKEN_SECONDS = 7 * 24 * 3600
_RBAC = "rbac.authorization.k8s.io"
_EVERY = ["*"]
_READ = ["get", "list", "watch"]
#: What members let the host do unless more is given at `join`.
RULES: tuple[Object, ...] = (
    {
        "apiGroups": [""],
        "resources": [
            "configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims", "pods",
            "replicationcontrollers", "limitranges", "resourcequotas", "endpoints", "namespaces",
        ],
        "verbs": _EVERY,
    },
    {"apiGroups": ["apps", "batch", "autoscaling", "multicluster.x-k8s.io"], "resources": _EVERY, "verbs": _EVERY},
    {"apiGroups": ["metrics.k8s.io"], "resources": ["pods"], "verbs": _READ},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _EVERY},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _EVERY},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": _EVERY},
    {"apiGroups": [""], "resources": ["nodes", "events", "persistentvolumes"], "verbs": _READ},
    {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": _READ},
    {
        "nonResourceURLs": ["/readyz", "/healthz", "/version", "/version/", "/api", "/api/*", "/apis", "/apis/*"],
        "verbs": ["get"],
    },
)  # fmt: skip
ADMINISTRATOR: tuple[Object, ...] = (
    {"apiGroups": _EVERY, "resources": _EVERY, "verbs": _EVERY},
    {"nonResourceURLs": _EVERY, "verbs": _EVERY},
)


@dataclass(frozen=True)
class Joining:
    """What a cluster joins with."""

    name: str
    server: str  # the member's URL, for the host to reach
    authorities: bytes = b""  # PEM
    insecure: bool = False
    provider: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    labels: Mapping[str, str] | None = None
    rules: Sequence[Object] = RULES
    proxy_users: tuple[str, ...] = ()  # whom the host may act as there; (): any user
    proxy_groups: tuple[str, ...] = ()  # and the groups of theirs that count there


def join(host: Client, member: Client, joining: Joining) -> Object:
    """The Cluster object. May be repeated: what is there is brought up to date, and the token is renewed. Raises
    Conflict where the member has joined under another name."""
    identity = str(member.get(NAMESPACES, "kube-system")["metadata"]["uid"])
    for cluster in host.list(CLUSTERS).items:
        other = cluster["metadata"]["name"]
        if (cluster.get("spec") or {}).get("id") == identity and other != joining.name:
            raise Conflict(f"that cluster has joined already, as {other}")
    found = member_objects(joining.name, joining.rules)
    for resource, obj in (*found, *impersonator_objects(joining.name, joining.proxy_users, joining.proxy_groups)):
        ensure(member, resource, obj)
    _ensure_namespace(host)
    for name, account in secrets_of(joining.name):
        token, expires = request_token(member, account)
        ensure(host, SECRETS, secret_of(joining, name, account, token, expires))
    return ensure(host, CLUSTERS, cluster_of(joining, identity))


def member_objects(name: str, rules: Sequence[Object]) -> list[tuple[Resource, Object]]:
    """What is made on the member, in order."""
    account, role = account_name(name), role_name(name)
    subject = {"kind": "ServiceAccount", "name": account, "namespace": CLUSTER_NAMESPACE}
    inside = {"name": account, "namespace": CLUSTER_NAMESPACE}
    own_token = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [account, impersonator_name(name)],
        "verbs": ["create"],
    }
    grant = {**_object(CLUSTER_ROLE_BINDINGS, {"name": role}), "roleRef": _reference("ClusterRole", role)}
    own_grant = {**_object(ROLE_BINDINGS, inside), "roleRef": _reference("Role", account)}
    return [
        (NAMESPACES, _object(NAMESPACES, {"name": CLUSTER_NAMESPACE})),
        (SERVICE_ACCOUNTS, _object(SERVICE_ACCOUNTS, inside)),
        (CLUSTER_ROLES, {**_object(CLUSTER_ROLES, {"name": role}), "rules": list(rules)}),
        (CLUSTER_ROLE_BINDINGS, {**grant, "subjects": [subject]}),
        (ROLES, {**_object(ROLES, inside), "rules": [own_token]}),
        (ROLE_BINDINGS, {**own_grant, "subjects": [subject]}),
    ]


def impersonator_objects(name: str, users: Sequence[str], groups: Sequence[str]) -> list[tuple[Resource, Object]]:
    """The identity that may act as others on the member. Groups count only where they are named: any group would be an
    administrator's (system:masters)."""
    account, role = impersonator_name(name), f"karmada-impersonator:{name}"
    subject = {"kind": "ServiceAccount", "name": account, "namespace": CLUSTER_NAMESPACE}
    who = {"apiGroups": [""], "resources": ["users", "serviceaccounts"], "verbs": ["impersonate"]}
    rules = [{**who, "resourceNames": list(users)} if users else who]
    if groups:
        rules.append({**who, "resources": ["groups"], "resourceNames": list(groups)})
    grant = {**_object(CLUSTER_ROLE_BINDINGS, {"name": role}), "roleRef": _reference("ClusterRole", role)}
    return [
        (SERVICE_ACCOUNTS, _object(SERVICE_ACCOUNTS, {"name": account, "namespace": CLUSTER_NAMESPACE})),
        (CLUSTER_ROLES, {**_object(CLUSTER_ROLES, {"name": role}), "rules": rules}),
        (CLUSTER_ROLE_BINDINGS, {**grant, "subjects": [subject]}),
    ]


def request_token(member: Client, account: str) -> tuple[str, str]:
    """(token, when it ends) of the host's account on the member."""
    request = {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": TOKEN_SECONDS}
    }  # fmt: skip
    status = member.create(SERVICE_ACCOUNTS, request, CLUSTER_NAMESPACE, subresource="token", name=account)["status"]
    return str(status["token"]), str(status.get("expirationTimestamp") or "")


def secrets_of(name: str) -> list[tuple[str, str]]:
    """The Secrets of a member on the host, each with the account that its token is of."""
    return [(name, account_name(name)), (f"{name}-impersonator", impersonator_name(name))]


def secret_of(joining: Joining, name: str, account: str, token: str, expires: str) -> Object:
    data = {"token": _base64(token.encode())}
    if joining.authorities:
        data["caBundle"] = _base64(joining.authorities)
    annotations = {EXPIRES: expires, ACCOUNT: account}
    metadata = {"name": name, "namespace": CLUSTER_NAMESPACE, "annotations": annotations}
    return {**_object(SECRETS, metadata), "type": "Opaque", "data": data}


def cluster_of(joining: Joining, identity: str) -> Object:
    spec: Object = {
        "syncMode": "Push",
        "id": identity,
        "apiEndpoint": joining.server,
        "secretRef": {"namespace": CLUSTER_NAMESPACE, "name": joining.name},
        "impersonatorSecretRef": {"namespace": CLUSTER_NAMESPACE, "name": f"{joining.name}-impersonator"},
        "provider": joining.provider,
        "region": joining.region,
        "zones": list(joining.zones),
        "zone": joining.zones[0] if joining.zones else "",
        "insecureSkipTLSVerification": joining.insecure,
    }
    metadata = {"name": joining.name, "labels": dict(joining.labels or {})}
    return {**_object(CLUSTERS, metadata), "spec": {name: value for name, value in spec.items() if value}}


def leave_host(host: Client, name: str) -> None:
    """The Cluster object, and with it its Works; what they made on the member stays there. Raises NotFound."""
    host.delete(CLUSTERS, name)


def forget_secrets(host: Client, name: str) -> None:
    for secret, _ in secrets_of(name):
        with contextlib.suppress(NotFound):
            host.delete(SECRETS, secret, CLUSTER_NAMESPACE)


def leave_member(member: Client, name: str) -> None:
    """The host's identities on the member. The namespace stays, for it may be another federation's too."""
    for resource, obj in reversed([*member_objects(name, ()), *impersonator_objects(name, (), ())]):
        if resource is NAMESPACES:
            continue
        with contextlib.suppress(NotFound):
            member.delete(resource, obj["metadata"]["name"], obj["metadata"].get("namespace", ""))


def ensure(client: Client, resource: Resource, obj: Object) -> Object:
    """Create the object, or make its fields those given; labels, annotations and fields of others stay."""
    metadata = obj["metadata"]
    try:
        return client.create(resource, obj)
    except AlreadyExists:
        if resource is NAMESPACES:
            return obj
        changes = {name: value for name, value in obj.items() if name not in ("apiVersion", "kind", "roleRef")}
        return client.patch(resource, metadata["name"], copy(changes), metadata.get("namespace", ""))


def account_name(cluster: str) -> str:
    return f"karmada-{cluster}"


def impersonator_name(cluster: str) -> str:
    return f"karmada-{cluster}-impersonator"


def role_name(cluster: str) -> str:
    return f"karmada-controller-manager:{account_name(cluster)}"


def check_name(name: str) -> None:
    """Raises BadRequest for a name that no cluster can have: namespaces and accounts are named after it."""
    words = name.replace("-", "")
    if not (
        0 < len(name) <= 48
        and words.isalnum()
        and name.isascii()
        and name == name.lower()
        and name[0] != "-" != name[-1]
    ):
        raise BadRequest(f"{name!r} is no name of a cluster: up to 48 lower case letters, digits and dashes")


def _ensure_namespace(host: Client) -> None:
    ensure(host, NAMESPACES, _object(NAMESPACES, {"name": CLUSTER_NAMESPACE}))


def _object(resource: Resource, metadata: Mapping[str, Any]) -> Object:
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": dict(metadata)}


def _reference(kind: str, name: str) -> Object:
    return {"apiGroup": _RBAC, "kind": kind, "name": name}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
