"""What the component may read."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery.roles import BOOTSTRAPPED, granted

USER = "sampan:podnetwork"


def objects() -> list[Object]:
    """A role and its binding."""
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]
    return granted(USER, rules, **BOOTSTRAPPED)
