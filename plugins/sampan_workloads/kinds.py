"""The kinds ReplicaSet, Deployment, ControllerRevision: defaults, validation, columns. Source: apps/v1 reference."""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Column, Kind, Object, Problem, Scale
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import get_path
from sampan_machinery.problems import forbidden, invalid, required, unsupported
from sampan_machinery.validation import (
    validate_immutable,
    validate_int_or_percent,
    validate_non_negative,
    validate_percent_at_most_100,
)
from sampan_podspec import advice
from sampan_podspec.statuses import validate_counts
from sampan_podspec.templates import (
    default_template,
    selector_text,
    validate_selected,
    validate_workload,
    wide_columns,
)

_HISTORY = 10
_DEADLINE = 600
_COUNTS = (
    "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas",
)  # fmt: skip
_STRATEGY = "spec.strategy"
_ROLLING = f"{_STRATEGY}.rollingUpdate"


def default_replica_set(obj: Object) -> None:
    obj.setdefault("spec", {}).setdefault("replicas", 1)
    default_template(obj)


def validate_replica_set(new: Object, old: Object | None) -> list[Problem]:
    counts = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas")
    return [*validate_workload(new, old), *validate_counts(new, old, counts, within=counts[1:4])]


def default_deployment(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", _HISTORY)
    spec.setdefault("progressDeadlineSeconds", _DEADLINE)
    strategy = spec.setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    default_template(obj)


def validate_deployment(new: Object, old: Object | None) -> list[Problem]:
    spec = new.get("spec") or {}
    found = validate_non_negative("spec.replicas", spec.get("replicas"))
    found += validate_selected(spec)
    found += _validate_strategy(spec.get("strategy") or {}, spec.get("replicas") or 0)
    found += validate_non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += validate_non_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    deadline = spec.get("progressDeadlineSeconds")
    found += validate_non_negative("spec.progressDeadlineSeconds", deadline)
    if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
        found.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    if old is not None:
        found += validate_immutable("spec.selector", spec.get("selector"), get_path(old, "spec", "selector"))
    return found + validate_counts(new, old, _COUNTS, within=_COUNTS[1:4])


def _validate_strategy(strategy: Object, replicas: int) -> list[Problem]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        detail = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(_ROLLING, detail)] if rolling is not None else []
    if kind != "RollingUpdate":
        return [unsupported(_STRATEGY, strategy, ("Recreate", "RollingUpdate"))]
    if rolling is None:
        return [required(_ROLLING, "this should be defaulted and never be nil")]
    surge, unavailable = rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 0)
    found = validate_int_or_percent(f"{_ROLLING}.maxUnavailable", unavailable)
    found += validate_int_or_percent(f"{_ROLLING}.maxSurge", surge)
    if not _amount(unavailable) and not _amount(surge):
        found.append(invalid(f"{_ROLLING}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    found += validate_percent_at_most_100(f"{_ROLLING}.maxUnavailable", unavailable)
    return found


def _amount(value: int | str) -> int:
    """Its number, and 0 for a text that is none."""
    text = str(value).removesuffix("%")
    return int(text) if text.removeprefix("-").isdecimal() else 0


def _validate_revision(new: Object, old: Object | None) -> Iterable[Problem]:
    if new.get("revision") is None:
        yield required("revision", "revision is required")
    elif new["revision"] < 0:
        yield from validate_non_negative("revision", new["revision"])
    if old is not None:
        yield from validate_immutable("data", new.get("data"), old.get("data"))
    elif not isinstance(new.get("data"), dict):
        missing = new.get("data") is None
        yield required("data", "data is mandatory" if missing else "data must be a valid JSON object")


def _number(*path: str) -> Column:
    names = {"replicas": "Current", "readyReplicas": "Ready", "updatedReplicas": "Up-to-date"}
    names["availableReplicas"] = "Available"
    name = "Desired" if path[0] == "spec" else names[path[-1]]
    kind = "string" if name in ("Up-to-date", "Available") else "integer"  # as upstream's printers say
    return Column(name, lambda obj: get_path(obj, *path, default=0), type=kind)


def _ready(obj: Object) -> str:
    return f"{get_path(obj, 'status', 'readyReplicas', default=0)}/{get_path(obj, 'spec', 'replicas', default=0)}"


def _controller(obj: Object) -> str:
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            group = owner["apiVersion"].rpartition("/")[0]
            return f"{owner['kind'].lower()}{'.' if group else ''}{group}/{owner['name']}"
    return "<none>"


REPLICA_SET = Kind(
    group="apps", version="v1", kind="ReplicaSet", plural="replicasets", short_names=("rs",), categories=("all",),
    status=True, generation=True, scale=Scale(selector=selector_text),
    default=default_replica_set, status_defaults=False, validate=validate_replica_set,
    warn=advice.of_template("spec", "template"),
    columns=(
        NAME, _number("spec", "replicas"), _number("status", "replicas"), _number("status", "readyReplicas"),
        AGE, *wide_columns(),
    ),
)  # fmt: skip

DEPLOYMENT = Kind(
    group="apps", version="v1", kind="Deployment", plural="deployments", short_names=("deploy",), categories=("all",),
    status=True, generation=True, scale=Scale(selector=selector_text),
    default=default_deployment, status_defaults=False, status_labels=False, validate=validate_deployment,
    warn=advice.of_template("spec", "template"),
    columns=(
        NAME, Column("Ready", _ready), _number("status", "updatedReplicas"), _number("status", "availableReplicas"),
        AGE, *wide_columns(),
    ),
)  # fmt: skip

CONTROLLER_REVISION = Kind(
    group="apps", version="v1", kind="ControllerRevision", plural="controllerrevisions", validate=_validate_revision,
    columns=(
        NAME, Column("Controller", _controller),
        Column("Revision", lambda obj: obj.get("revision", 0)), AGE,
    ),
)  # fmt: skip
