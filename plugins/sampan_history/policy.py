"""Who may ask about revisions: every user, for the answer has no contents and each object is authorized by itself."""

from __future__ import annotations

from sampan.contracts.kinds import Object

NAME = "sampan:history"
_API = "rbac.authorization.k8s.io"


def bootstrap_objects() -> list[Object]:
    metadata = {"name": NAME, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    return [
        {
            "apiVersion": f"{_API}/v1", "kind": "ClusterRole", "metadata": metadata,
            "rules": [{"nonResourceURLs": ["/history/revision", "/history/versions"], "verbs": ["get"]}],
        },
        {
            "apiVersion": f"{_API}/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": NAME},
            "subjects": [{"apiGroup": _API, "kind": "Group", "name": "system:authenticated"}],
        },
    ]  # fmt: skip
