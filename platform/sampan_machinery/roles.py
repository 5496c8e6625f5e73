"""What a component's own user may do: a ClusterRole and its ClusterRoleBinding. Pure. Source: RBAC's API reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import copy

GROUP = "rbac.authorization.k8s.io"
#: Metadata of a role that the server mends where it was changed, as it does with its own.
BOOTSTRAPPED: dict[str, Any] = {
    "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
    "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
}


def rule(group: str, resources: str, verbs: str) -> Object:
    """One rule of a role; several resources and verbs are separated by blanks."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def granted(user: str, rules: Sequence[Object], *, name: str = "", **metadata: Any) -> list[Object]:
    """The role and its binding, which are called ``name`` or else as the user is; ``metadata``: more of both."""
    meta = {"name": name or user, **metadata}
    return [
        {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": copy(meta), "rules": list(rules)},
        {
            "apiVersion": f"{GROUP}/v1", "kind": "ClusterRoleBinding", "metadata": copy(meta),
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": meta["name"]},
            "subjects": [{"apiGroup": GROUP, "kind": "User", "name": user}],
        },
    ]  # fmt: skip
