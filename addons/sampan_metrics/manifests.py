"""What the add-on ships: its Service and APIService, what its identity may do, and who may read what it serves."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.options import ManifestOptions
from sampan_metrics.resources import API_SERVICE_NAME, GROUP, NAMESPACE, SERVICE, VERSION

USER = "system:sampan-metrics"
LABELS = {"sampan.dev/addon": "metrics"}
RBAC = "rbac.authorization.k8s.io"
READS = ["get", "list", "watch"]
HTTPS = 443


def manifests(options: ManifestOptions) -> list[Object]:
    """In the order they have to be created."""
    rules = [
        {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": READS},
        {"apiGroups": [""], "resources": ["nodes/proxy", "nodes/metrics", "nodes/stats"], "verbs": ["get"]},
        {
            "apiGroups": ["apiregistration.k8s.io"], "resources": ["apiservices"],
            "resourceNames": [API_SERVICE_NAME], "verbs": ["get", "patch"],
        },
    ]  # fmt: skip
    own = [{"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["create", "get", "patch"]}]
    return [
        _rbac("ClusterRole", "sampan:metrics", rules=rules),
        _rbac("ClusterRoleBinding", "sampan:metrics", **_bound("ClusterRole", "sampan:metrics")),
        _rbac("Role", "sampan:metrics", NAMESPACE, rules=own),
        _rbac("RoleBinding", "sampan:metrics", NAMESPACE, **_bound("Role", "sampan:metrics")),
        _rbac(
            "RoleBinding", "sampan:metrics-authentication-reader", NAMESPACE,
            **_bound("Role", "extension-apiserver-authentication-reader"),
        ),
        _readers(),
        _service(),
        _api_service(),
    ]  # fmt: skip


def _rbac(kind: str, name: str, namespace: str = "", **rest: Any) -> Object:
    metadata = {"name": name, "labels": LABELS, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **rest}


def _bound(kind: str, name: str) -> Object:
    return {
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": USER}],
    }


def _readers() -> Object:
    """A user who may view a namespace may see what its pods use, as with metrics-server."""
    aggregate = {f"{RBAC}/aggregate-to-{role}": "true" for role in ("view", "edit", "admin")}
    return {
        "apiVersion": f"{RBAC}/v1", "kind": "ClusterRole",
        "metadata": {"name": "system:aggregated-metrics-reader", "labels": {**LABELS, **aggregate}},
        "rules": [{"apiGroups": [GROUP], "resources": ["pods", "nodes", "pods/history"], "verbs": READS}],
    }  # fmt: skip


def _service() -> Object:
    return {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE, "labels": LABELS},
        "spec": {"ports": [{"name": "https", "port": HTTPS, "protocol": "TCP"}]},
    }  # fmt: skip


def _api_service() -> Object:
    return {
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": API_SERVICE_NAME, "labels": LABELS},
        "spec": {
            "group": GROUP, "version": VERSION, "groupPriorityMinimum": 100, "versionPriority": 100,
            "service": {"name": SERVICE, "namespace": NAMESPACE, "port": HTTPS},
        },
    }  # fmt: skip


def endpoints(address: str, port: int, node: str, *, here: bool = True) -> Object:
    """The EndpointSlice that leads the Service to this process, or nowhere once that has ended."""
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": f"{SERVICE}-{node}", "namespace": NAMESPACE,
            "labels": {
                "kubernetes.io/service-name": SERVICE, "endpointslice.kubernetes.io/managed-by": "sampan-metrics",
            },
        },
        "addressType": "IPv6" if ":" in address else "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}] if here else [],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    }  # fmt: skip
