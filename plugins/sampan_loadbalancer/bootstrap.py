"""What the announcing component may read."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery.roles import BOOTSTRAPPED, granted

USER = "system:load-balancer"
_READ = ["get", "list", "watch"]


def objects() -> list[Object]:
    """A role and its binding."""
    rules = [
        {"apiGroups": [""], "resources": ["services", "nodes"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    ]
    return granted(USER, rules, **BOOTSTRAPPED)
