"""What the announcing component may read."""

from __future__ import annotations

from sampan.contracts.kinds import Object

USER = "system:load-balancer"
_API = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]


def objects() -> list[Object]:
    """A role and its binding."""
    metadata: Object = {
        "name": USER, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }  # fmt: skip
    rules = [
        {"apiGroups": [""], "resources": ["services", "nodes"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    ]
    role: Object = {"apiVersion": f"{_API}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    binding: Object = {
        "apiVersion": f"{_API}/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": _API, "kind": "User", "name": USER}],
    }  # fmt: skip
    return [role, binding]
