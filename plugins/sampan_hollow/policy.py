"""The rights of hollow nodes: those of a node agent, for all nodes, and to read Stage objects."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.roles import granted


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
    return granted(user, rules, labels=labels)


def _rule(groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str]) -> Object:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}
