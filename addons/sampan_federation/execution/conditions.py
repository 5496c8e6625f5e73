"""The status of a Work: its conditions, and what its objects report. Pure functions.

Source: the API reference of work.karmada.io/v1alpha1 (Applied, Degraded, Dispatching); Drifted is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan_federation.interpreter.health import UNHEALTHY
from sampan_machinery.metadata import copy, observed_generation, remove_condition, set_condition

LONGEST = 1000  # characters of a member's words in a condition

APPLIED, DEGRADED, DISPATCHING, DRIFTED = "Applied", "Degraded", "Dispatching", "Drifted"


class Outcome(NamedTuple):
    """What became of one manifest. ``error``: why it is not applied, "" if it is."""

    ordinal: int
    manifest: Object
    resource: Resource | None
    error: str = ""
    drifted: Sequence[str] = ()
    status: Any = None
    health: str = ""  # "" : not known yet


def suspended(work: Object, now: str) -> Object | None:
    """The status of a Work that is not dispatched; None if it says so already."""
    return _changed(
        work,
        lambda status: set_condition(
            status, DISPATCHING, "False", now=now, reason="SuspendDispatching",
            message="dispatching is suspended by spec.suspendDispatching", **observed_generation(work),
        ),
    )  # fmt: skip


def applied(work: Object, outcomes: Sequence[Outcome], now: str) -> Object | None:
    """The status after an attempt; None if it stays as it is."""

    def change(status: Object) -> None:
        more = observed_generation(work)
        failed = [outcome for outcome in outcomes if outcome.error]
        if failed:
            said = "; ".join(clean(each.error) for each in failed)[:LONGEST]
            message = f"Failed to apply all manifests ({len(outcomes) - len(failed)}/{len(outcomes)}): {said}"
            set_condition(status, APPLIED, "False", now=now, reason="AppliedFailed", message=message, **more)
        else:
            message = "Manifest has been successfully applied"
            set_condition(status, APPLIED, "True", now=now, reason="AppliedSuccessful", message=message, **more)
        set_condition(
            status, DISPATCHING, "True", now=now, reason="Dispatching", message="Work is being dispatched", **more
        )
        _set_degraded(status, outcomes, now, more)
        _set_drifted(status, outcomes, now, more)
        reported = [_manifest_status(outcome) for outcome in outcomes if outcome.health]
        if reported or "manifestStatuses" in status:
            status["manifestStatuses"] = reported

    return _changed(work, change)


def _set_degraded(status: Object, outcomes: Sequence[Outcome], now: str, more: Object) -> None:
    sick = [_named(outcome.manifest) for outcome in outcomes if outcome.health == UNHEALTHY]
    if sick:
        message = f"unhealthy on the member: {', '.join(sick)}"[:LONGEST]
        set_condition(status, DEGRADED, "True", now=now, reason="Unhealthy", message=message, **more)
    elif any(outcome.health for outcome in outcomes):
        message = "healthy on the member"
        set_condition(status, DEGRADED, "False", now=now, reason="Healthy", message=message, **more)


def _set_drifted(status: Object, outcomes: Sequence[Outcome], now: str, more: Object) -> None:
    drifted = [f"{_named(each.manifest)}: {', '.join(each.drifted)}" for each in outcomes if each.drifted]
    if drifted:
        message = f"changed on the member and left, as the template's annotation says: {'; '.join(drifted)}"[:LONGEST]
        set_condition(status, DRIFTED, "True", now=now, reason="LeftAlone", message=message, **more)
    else:
        remove_condition(status, DRIFTED)


def _manifest_status(outcome: Outcome) -> Object:
    metadata, group_version = outcome.manifest["metadata"], outcome.manifest["apiVersion"]
    group, _, version = group_version.rpartition("/")
    identifier = {
        "ordinal": outcome.ordinal, "group": group, "version": version, "kind": outcome.manifest["kind"],
        "resource": outcome.resource.plural if outcome.resource is not None else "",
        "namespace": metadata.get("namespace", ""), "name": metadata["name"],
    }  # fmt: skip
    found: Object = {
        "identifier": {key: value for key, value in identifier.items() if value != "" or key == "resource"},
        "health": outcome.health,
    }
    if outcome.status is not None:
        found["status"] = outcome.status
    return found


def _named(manifest: Object) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def clean(words: str) -> str:
    """A member's words in one line of bounded length."""
    return "".join(each if each.isprintable() else " " for each in words[:LONGEST])


def _changed(work: Object, change: Any) -> Object | None:
    old = work.get("status") or {}
    status = copy(old)
    change(status)
    return None if status == old else status
