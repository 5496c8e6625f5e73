"""Warnings about the pods that are in a namespace already when its policy gets stricter. Pure but for the clock that is
passed in. Source: pod-security-admission (wording and limits)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sampan.contracts.kinds import Object
from sampan_podsecurity.policy import Standard
from sampan_podsecurity.standards import told, violations

MOST = 3000  # pods
LONGEST = 1.0  # seconds


def warnings_of(
    namespace: str, enforce: Standard, pods: Sequence[Object], clock: Callable[[], float] = time.monotonic
) -> list[str]:
    """Pods with the same violations are told together, by the first name of them."""
    names: dict[str, list[str]] = {}
    until, checked = clock() + LONGEST, 0
    for pod in one_of_each_controller(pods)[:MOST]:
        if found := violations(enforce, pod["metadata"], pod.get("spec") or {}):
            names.setdefault(told(found, details=False), []).append(pod["metadata"]["name"])
        checked += 1
        if clock() > until:
            break
    warnings = []
    if checked < len(pods):
        warnings.append(
            f"new PodSecurity enforce level only checked against the first {checked} of {len(pods)} existing pods"
        )
    if names:
        warnings.append(
            f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{enforce}"'
        )
    return warnings + sorted(f"{_subject(found)}: {why}" for why, found in names.items())


def one_of_each_controller(pods: Sequence[Object]) -> list[Object]:
    """Pods in the order in which they are checked: those that are alike come last."""
    first: list[Object] = []
    rest: list[Object] = []
    seen: set[str] = set()
    for pod in pods:
        owners = pod["metadata"].get("ownerReferences") or ()
        controller = next((owner["uid"] for owner in owners if owner.get("controller")), "")
        (rest if controller and controller in seen else first).append(pod)
        seen.add(controller)
    return first + rest


def _subject(names: Sequence[str]) -> str:
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{min(names)} (and {others} other {'pod' if others == 1 else 'pods'})"
