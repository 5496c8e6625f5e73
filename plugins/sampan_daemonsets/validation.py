"""Validation of DaemonSets. Source: upstream's ValidateDaemonSet (meaning, order, words)."""

from __future__ import annotations

from sampan.contracts.kinds import Object, Problem
from sampan_machinery.metadata import get_path, labels_of
from sampan_machinery.problems import forbidden, invalid, required, unsupported_in_order
from sampan_machinery.selectors import from_object
from sampan_machinery.validation import (
    validate_immutable,
    validate_int_or_percent,
    validate_label_selector,
    validate_non_negative,
    validate_percent_at_most_100,
)
from sampan_podspec.statuses import validate_counts
from sampan_podspec.validation import pod_template

_STRATEGY = "spec.updateStrategy"
_ROLLING = f"{_STRATEGY}.rollingUpdate"
_COUNTS = (
    "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "updatedNumberScheduled",
    "numberAvailable", "numberUnavailable",
)  # fmt: skip


def validate(new: Object, old: Object | None) -> list[Problem]:
    spec = new.get("spec") or {}
    found: list[Problem] = []
    if old is not None:
        found += validate_immutable("spec.selector", spec.get("selector"), get_path(old, "spec", "selector"))
    found += _selected(spec)
    found += validate_non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += _strategy(spec.get("updateStrategy") or {})
    found += validate_non_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    return found + validate_counts(new, old, _COUNTS)


def _selected(spec: Object) -> list[Problem]:
    selector, template, path = spec.get("selector"), spec.get("template") or {}, "spec.template"
    found = validate_label_selector("spec.selector", selector)
    if not found and not from_object(selector).matches(labels_of(template)):
        detail = "`selector` does not match template `labels`"
        found.append(invalid(f"{path}.metadata.labels", labels_of(template) or None, detail))
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        found.append(invalid("spec.selector", selector, "empty selector is invalid for daemonset"))
    found += pod_template(template, path, restart_policies=("Always",))
    if get_path(template, "spec", "activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in DaemonSet is not Supported"
        found.append(forbidden(f"{path}.spec.activeDeadlineSeconds", detail))
    return found


def _strategy(strategy: Object) -> list[Problem]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [unsupported_in_order(_STRATEGY, strategy, ("RollingUpdate", "OnDelete"))]
    if rolling is None:
        return [required(_ROLLING)]
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    found: list[Problem] = []
    for rule in (validate_int_or_percent, validate_percent_at_most_100):
        found += rule(f"{_ROLLING}.maxUnavailable", unavailable)
        found += rule(f"{_ROLLING}.maxSurge", surge)
    if _is_some(unavailable) and _is_some(surge):
        found.append(invalid(f"{_ROLLING}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    elif not _is_some(unavailable) and not _is_some(surge):
        found.append(required(f"{_ROLLING}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return found


def _is_some(value: int | str) -> bool:
    """Whether a number or percentage is more than nothing; a text that is neither counts as nothing, as upstream."""
    text = str(value).removesuffix("%")
    return text.lstrip("-").isdigit() and int(text) != 0
