"""Which fields of a pod may change once it exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan.objects import problems

RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def pod_update(new: Object, old: Object) -> Iterator[Problem]:
    """Refuses everything but the few fields that upstream lets change."""
    before, after = old["spec"], new["spec"]
    if before == after:
        return
    deadline, previous = after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")
    if previous is not None and (deadline is None or deadline > previous):
        yield problems.invalid("spec.activeDeadlineSeconds", deadline, "must be less than or equal to previous value")
    old_tolerations = before.get("tolerations") or []
    if any(t not in (after.get("tolerations") or []) for t in old_tolerations):
        yield problems.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")
    if _frozen(before, after) != _frozen(after, after):
        yield problems.forbidden("spec", RULE)


def _frozen(spec: dict[str, Any], allowed: dict[str, Any]) -> dict[str, Any]:
    """The spec with what may change taken from ``allowed``."""
    frozen = {k: v for k, v in spec.items() if k not in ("activeDeadlineSeconds", "tolerations")}
    for name in ("containers", "initContainers"):
        images = [container.get("image") for container in allowed.get(name) or ()]
        containers = frozen.get(name) or []
        if containers and len(images) == len(containers):
            frozen[name] = [{**c, "image": image} for c, image in zip(containers, images, strict=True)]
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        frozen.pop("terminationGracePeriodSeconds", None)
    if spec.get("schedulingGates"):
        frozen.pop("nodeSelector", None)
        frozen.pop("affinity", None)
    frozen.pop("schedulingGates", None)
    return frozen
