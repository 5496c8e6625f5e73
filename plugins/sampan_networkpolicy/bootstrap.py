"""What the component may read. A node's own identity may not see the pods of other nodes, so it has one of its own."""

from __future__ import annotations

from sampan.contracts.kinds import Object

USER = "system:network-policy"
_API = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]


def objects() -> list[Object]:
    """A role and its binding."""
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    metadata: Object = {
        "name": USER,
        "labels": labels,
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }
    rules = [
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
        {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": _READ},
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
    ]
    role: Object = {"apiVersion": f"{_API}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    binding: Object = {
        "apiVersion": f"{_API}/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": _API, "kind": "User", "name": USER}],
    }  # fmt: skip
    return [role, binding]
