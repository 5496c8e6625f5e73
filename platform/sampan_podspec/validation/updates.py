"""Fields of an existing pod that may change. Source: the pod update rules of the documentation on Pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import problems

RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
LISTS = ("containers", "initContainers")


def pod_update(new: Object, old: Object) -> Iterator[Problem]:
    """Refuse changes except of the few fields that upstream allows. Both objects have defaults."""
    before, after = old["spec"], new["spec"]
    if before == after:
        return
    for name in LISTS:
        if len(before.get(name) or ()) != len(after.get(name) or ()):
            yield problems.forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
    yield from _deadline(before.get("activeDeadlineSeconds"), after.get("activeDeadlineSeconds"))
    yield from _tolerations(before.get("tolerations") or (), after.get("tolerations") or ())
    if before.get("schedulingGates") or after.get("schedulingGates"):
        yield from _gates(before.get("schedulingGates") or (), after.get("schedulingGates") or ())
    if _frozen(before, before) != _frozen(after, before):
        yield problems.forbidden("spec", RULE)


def _deadline(before: int | None, after: int | None) -> Iterator[Problem]:
    if before is None or after == before:
        return
    if after is None:
        yield problems.invalid(
            "spec.activeDeadlineSeconds", None, "must not update from a positive integer to nil value"
        )
    elif after > before:
        detail = "must be less than or equal to previous value"
        yield problems.invalid("spec.activeDeadlineSeconds", after, detail)


def _tolerations(before: Sequence[Object], after: Sequence[Object]) -> Iterator[Problem]:
    """Each old toleration must remain; only its seconds may change."""
    kept = [_without_seconds(toleration) for toleration in after]
    if any(_without_seconds(toleration) not in kept for toleration in before):
        detail = "existing toleration can not be modified except its tolerationSeconds"
        yield problems.forbidden("spec.tolerations", detail)


def _without_seconds(toleration: Object) -> Object:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _gates(before: Sequence[Object], after: Sequence[Object]) -> Iterator[Problem]:
    known = {gate.get("name") for gate in before}
    added = {str(gate.get("name")): index for index, gate in enumerate(after) if gate.get("name") not in known}
    for name, index in added.items():
        detail = f"only deletion is allowed, but found new scheduling gate '{name}'"
        yield problems.forbidden(f"spec.schedulingGates[{index}].name", detail)


def _frozen(spec: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """The spec without the fields that may change, given the old spec."""
    frozen = {
        k: v for k, v in spec.items() if k not in ("activeDeadlineSeconds", "tolerations", "schedulingGates") and v
    }
    for name in LISTS:
        if containers := frozen.get(name):
            frozen[name] = [{key: value for key, value in c.items() if key != "image"} for c in containers]
    if (old.get("terminationGracePeriodSeconds") or 0) < 0 and spec.get("terminationGracePeriodSeconds") in (
        1, old["terminationGracePeriodSeconds"],
    ):  # fmt: skip
        frozen.pop("terminationGracePeriodSeconds", None)
    if old.get("schedulingGates"):  # a gated pod's node selection may be narrowed (KEP-3838)
        frozen.pop("nodeSelector", None)
        frozen.pop("affinity", None)
    return frozen
