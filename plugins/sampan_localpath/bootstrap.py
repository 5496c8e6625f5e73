"""What has to exist for the provisioner: its StorageClass, and its rights. Pure."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_localpath.naming import CLASS, PROVISIONER
from sampan_machinery.roles import granted, rule

_ROLE = "sampan:localpath"
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
        rule("", "persistentvolumes", "create delete get list patch watch"),
        rule("", "persistentvolumeclaims", "get list patch watch"),
        rule("", "persistentvolumeclaims/status", "patch"),
        rule("", "nodes", "list"),
        rule("", "events", "create patch update"),
        rule("storage.k8s.io", "storageclasses", "get"),
    ]
    return granted(user, rules, name=_ROLE)
