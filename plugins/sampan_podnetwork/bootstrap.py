"""What the component may read."""

from __future__ import annotations

from sampan.contracts.kinds import Object

USER = "sampan:podnetwork"
_API = "rbac.authorization.k8s.io"


def objects() -> list[Object]:
    """A role and its binding."""
    metadata: Object = {
        "name": USER, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }  # fmt: skip
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]
    role: Object = {"apiVersion": f"{_API}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    binding: Object = {
        "apiVersion": f"{_API}/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": _API, "kind": "User", "name": USER}],
    }  # fmt: skip
    return [role, binding]
