"""The rights of hollow nodes: those of a node agent, for all nodes, and to read Stage objects."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object

_API = "rbac.authorization.k8s.io"


def bootstrap_objects(user: str) -> list[Object]:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    read, write = ["get", "list", "watch"], ["create", "update", "patch", "delete"]
    rules = [
        _rule([""], ["nodes", "pods"], [*read, *write]),
        _rule([""], ["nodes/status", "pods/status"], ["update", "patch"]),
        _rule(["coordination.k8s.io"], ["leases"], ["get", "create", "update", "patch"]),
        _rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
        _rule(["kwok.x-k8s.io"], ["stages"], read),
        _rule([""], ["persistentvolumeclaims"], read),
        _rule([""], ["persistentvolumes"], [*read, "create", "delete"]),
    ]
    return [
        {
            "apiVersion": f"{_API}/v1", "kind": "ClusterRole", "metadata": {"name": user, "labels": labels},
            "rules": rules,
        },
        {
            "apiVersion": f"{_API}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": user, "labels": labels},
            "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": user},
            "subjects": [{"apiGroup": _API, "kind": "User", "name": user}],
        },
    ]  # fmt: skip


def _rule(groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str]) -> Object:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}
