"""Every pod tolerates an unreachable or not ready node for five minutes, unless it says otherwise
(DefaultTolerationSeconds)."""

from __future__ import annotations

from sampan.contracts.admission import Review

KEYS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
SECONDS = 300


class DefaultTolerations:
    name = "defaulttolerations"
    operations = frozenset({"CREATE", "UPDATE"})  # an update that replaces them all has them added again
    resources = frozenset({"pods"})
    subresources = frozenset({""})
    mutates = True
    second_round = True
    priority = 600

    def admit(self, review: Review) -> None:
        if review.object is None:
            return
        spec = review.object["spec"]
        tolerations = spec.get("tolerations") or []
        fresh = [
            {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
            for key in KEYS
            if not any(
                t.get("key") in (None, "", key) and t.get("effect") in (None, "", "NoExecute") for t in tolerations
            )
        ]
        if fresh:
            spec["tolerations"] = [*tolerations, *fresh]
