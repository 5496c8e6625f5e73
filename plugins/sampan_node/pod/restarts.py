"""Whether a container that has ended runs again: its rules, its own policy, then the pod's. Pure.

Source: KEP-5307, and KEP-5532 for rules that restart all containers of the pod.
"""

from __future__ import annotations

from sampan.contracts.kinds import Object

ALL = "RestartAllContainers"


def by_policy(spec: Object, container: Object, code: int) -> bool:
    """Of a container of the pod, or a sidecar, that ended with this exit code."""
    policy = container.get("restartPolicy")
    if policy and rule_for(container, code):
        return True
    policy = policy or spec.get("restartPolicy", "Always")
    return bool(policy == "Always" or (policy == "OnFailure" and code != 0))


def init_by_policy(spec: Object, container: Object, code: int) -> bool:
    """Of an init container, which never runs again after it has succeeded."""
    if code == 0:
        return False
    if container.get("restartPolicy"):
        return by_policy(spec, container, code)
    return bool(spec.get("restartPolicy", "Always") != "Never")


def rule_for(container: Object, code: int) -> str:
    """The action of the first rule that this exit code fits, "" for none."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return str(rule.get("action") or "")
    return ""
