"""What the add-on ships: its Service, and what its identity may do. Merged, so that a user's edits stay."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan.contracts.options import ManifestOptions

USER = "system:sampan-dns"
NAME = "kube-dns"  # what clients and tools look for
NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns", "kubernetes.io/name": "sampan-dns", "kubernetes.io/cluster-service": "true"}


def manifests(options: ManifestOptions) -> list[Object]:
    """In the order they have to be created. Options read: dns_ip ("": the cluster chooses the Service's address)."""
    address = {"clusterIP": options.dns_ip} if options.dns_ip else {}
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": USER}
    reads = ["get", "list", "watch"]
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "sampan:dns", "labels": {"sampan.dev/addon": "dns"}},
            "rules": [
                {"apiGroups": [""], "resources": ["services", "namespaces", "pods"], "verbs": reads},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": reads},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "sampan:dns", "labels": {"sampan.dev/addon": "dns"}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sampan:dns"},
            "subjects": [subject],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "sampan:dns", "namespace": NAMESPACE, "labels": {"sampan.dev/addon": "dns"}},
            "rules": [{
                "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"],
                "verbs": ["create", "get", "update", "patch", "delete"],
            }],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "sampan:dns", "namespace": NAMESPACE, "labels": {"sampan.dev/addon": "dns"}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "sampan:dns"},
            "subjects": [subject],
        },
        {
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": LABELS},
            "spec": {
                **address,
                "ports": [
                    {"name": "dns", "port": 53, "protocol": "UDP"},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
                ],
            },
        },
    ]  # fmt: skip


def endpoints(address: str, port: int, node: str) -> Object:
    """The EndpointSlice that leads the Service to this process."""
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": f"{NAME}-{node}", "namespace": NAMESPACE,
            "labels": {
                "kubernetes.io/service-name": NAME, "endpointslice.kubernetes.io/managed-by": "sampan-dns",
            },
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}, "nodeName": node}],
        "ports": [
            {"name": "dns", "port": port, "protocol": "UDP"},
            {"name": "dns-tcp", "port": port, "protocol": "TCP"},
        ],
    }  # fmt: skip
