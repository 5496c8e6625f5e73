"""What has to exist for the provisioner: its StorageClass, and its rights. Pure."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_localpath.naming import CLASS, PROVISIONER

_ROLE = "sampan:localpath"
_RBAC = "rbac.authorization.k8s.io"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def objects(user: str, *, default: bool) -> list[Object]:
    return [storage_class(default=default), *_rights(user)]


def storage_class(*, default: bool) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": {_DEFAULT: str(default).lower()}},
        "provisioner": PROVISIONER, "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }  # fmt: skip


def _rights(user: str) -> list[Object]:
    rules = [
        _rule("", "persistentvolumes", "create delete get list patch watch"),
        _rule("", "persistentvolumeclaims", "get list patch watch"),
        _rule("", "persistentvolumeclaims/status", "patch"),
        _rule("", "nodes", "list"),
        _rule("", "events", "create patch update"),
        _rule("storage.k8s.io", "storageclasses", "get"),
    ]
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _ROLE}
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": _ROLE}, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": _ROLE},
            "subjects": [{"kind": "User", "apiGroup": _RBAC, "name": user}], "roleRef": reference,
        },
    ]  # fmt: skip


def _rule(group: str, resource: str, verbs: str) -> Object:
    return {"apiGroups": [group], "resources": [resource], "verbs": verbs.split()}
