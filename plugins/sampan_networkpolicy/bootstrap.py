"""What the component may read. A node's own identity may not see the pods of other nodes, so it has one of its own."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery.roles import BOOTSTRAPPED, granted

USER = "system:network-policy"
_READ = ["get", "list", "watch"]


def objects() -> list[Object]:
    """A role and its binding."""
    rules = [
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
        {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": _READ},
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
    ]
    return granted(USER, rules, **BOOTSTRAPPED)
