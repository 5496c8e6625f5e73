"""What the side-cars' part may do. Pure. Source: the roles of upstream's external provisioner and attacher."""

from __future__ import annotations

from sampan.contracts.kinds import Object

_RBAC, _ROLE = "rbac.authorization.k8s.io", "sampan:csi"


def objects(user: str) -> list[Object]:
    rules = [
        _rule("", "persistentvolumes", "create delete get list patch watch"),
        _rule("", "persistentvolumeclaims", "get list patch watch"),
        _rule("", "nodes", "get"),
        _rule("", "events", "create patch update"),
        _rule("storage.k8s.io", "storageclasses", "get"),
        _rule("storage.k8s.io", "csinodes", "get list"),
        _rule("storage.k8s.io", "volumeattachments", "get list patch watch"),
        _rule("storage.k8s.io", "volumeattachments/status", "patch"),
    ]
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": _ROLE}, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": _ROLE},
            "subjects": [{"kind": "User", "apiGroup": _RBAC, "name": user}],
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _ROLE},
        },
    ]  # fmt: skip


def _rule(group: str, resource: str, verbs: str) -> Object:
    return {"apiGroups": [group], "resources": [resource], "verbs": verbs.split()}
