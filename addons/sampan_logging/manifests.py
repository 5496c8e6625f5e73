"""What the add-on ships: what its identity may do, and no more than that."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan.contracts.options import ManifestOptions

USER = "system:sampan-logging"
SECRET = ("kube-system", "sampan-logging")  # the one Secret it may read
_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"sampan.dev/addon": "logging"}


def manifests(options: ManifestOptions) -> list[Object]:
    """In the order they have to be created. No option is read."""
    subject = {"kind": "User", "apiGroup": _RBAC, "name": USER}
    cluster = {"name": "sampan:logging", "labels": _LABELS}
    local = {**cluster, "namespace": SECRET[0]}
    return [
        {
            "apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": cluster,
            "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
            ],
        },
        {
            "apiVersion": f"{_RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": cluster,
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "sampan:logging"}, "subjects": [subject],
        },
        {
            "apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": local,
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET[1]], "verbs": ["get"]}],
        },
        {
            "apiVersion": f"{_RBAC}/v1", "kind": "RoleBinding", "metadata": local,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": "sampan:logging"}, "subjects": [subject],
        },
    ]  # fmt: skip
