"""What the controller may do, and what the standard roles view, edit and admin may do with Websites."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from website.resources import GROUP

#: Reconcilers act as this user.
CONTROLLERS = "system:kube-controller-manager"
RBAC = "rbac.authorization.k8s.io"
_WATCH = ["get", "list", "watch"]
_WRITE = ["create", "update", "patch", "delete"]


def bootstrap_objects() -> list[Object]:
    rules = [
        _rule(GROUP, ["websites"], _WATCH),
        _rule(GROUP, ["websites/status"], ["update", "patch"]),
        _rule("", ["configmaps", "services"], _WATCH + _WRITE),
        _rule("apps", ["deployments"], _WATCH + _WRITE),
        _rule("networking.k8s.io", ["ingresses"], _WATCH + _WRITE),
    ]
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "website-controller"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "website-controller"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": CONTROLLERS}],
    }
    return [
        _role("website-controller", rules),
        binding,
        _role("websites-view", [_rule(GROUP, ["websites"], _WATCH)], "view"),
        _role("websites-edit", [_rule(GROUP, ["websites"], _WRITE)], "edit"),
    ]


def _rule(group: str, resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _role(name: str, rules: list[Object], part_of: str = "") -> Object:
    """``part_of``: the standard role that takes these rules in."""
    labels = {f"rbac.authorization.k8s.io/aggregate-to-{part_of}": "true"} if part_of else {}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
