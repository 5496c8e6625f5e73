"""What an autoscaler may say, in upstream's words. Source: Kubernetes pkg/apis/autoscaling/validation (meaning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, quantities
from sampan_machinery.problems import forbidden, invalid, required, unsupported
from sampan_machinery.validation import by_rule, validate_non_negative
from sampan_podspec.validation.resources import container_resource_name

MAX_WINDOW = 3600  # seconds
MAX_PERIOD = 1800  # seconds
SOURCES = {
    "Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods", "Object": "object",
    "External": "external",
}  # fmt: skip
_ORDER = ("object", "external", "pods", "resource", "containerResource")


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    low, high = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if low is not None and low < 1:
        yield invalid("spec.minReplicas", low, "must be greater than or equal to 1")
    if not high:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif high < 1:
        yield invalid("spec.maxReplicas", high, "must be greater than or equal to 1")
    if low is not None and high < low:
        yield invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    before = ((old or {}).get("spec") or {}).get("scaleTargetRef") or {}
    kept = old is not None and all(
        (before.get(name) or "") == (target.get(name) or "") for name in ("apiVersion", "kind")
    )
    yield from _reference(
        target, "spec.scaleTargetRef", kept=kept, grouped=target.get("kind") != "ReplicationController"
    )
    for index, metric in enumerate(spec.get("metrics") or ()):
        yield from _metric(metric, f"spec.metrics[{index}]")
    for name, rules in (spec.get("behavior") or {}).items():
        yield from _rules(rules or {}, f"spec.behavior.{name}")
    status = new.get("status") or {}
    for name in ("currentReplicas", "desiredReplicas"):
        yield from validate_non_negative(f"status.{name}", status.get(name))


def _reference(reference: Object, path: str, *, kept: bool = False, grouped: bool = False) -> Iterator[Problem]:
    """``kept``: its apiVersion was accepted before, and may stay. ``grouped``: only what has a group can be meant."""
    for name in ("kind", "name"):
        text = reference.get(name) or ""
        if not text:
            yield required(f"{path}.{name}")
        else:
            yield from _segment(f"{path}.{name}", text)
    version = reference.get("apiVersion") or ""
    if kept:
        return
    if version.count("/") > 1:
        yield invalid(f"{path}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    elif grouped and not version.rpartition("/")[0]:
        yield invalid(f"{path}.apiVersion", version, "apiVersion must specify API group")


def _segment(path: str, text: str) -> Iterator[Problem]:
    """A part of a URL's path. Source: apimachinery ValidatePathSegmentName."""
    if text in (".", ".."):
        yield invalid(path, text, f"may not be '{text}'")
    for mark in ("/", "%"):
        if mark in text:
            yield invalid(path, text, f"may not contain '{mark}'")


def _metric(metric: Object, path: str) -> Iterator[Problem]:
    kind = metric.get("type") or ""
    if not kind:
        yield required(f"{path}.type", "must specify a metric source type")
    if kind not in SOURCES:
        yield unsupported(f"{path}.type", kind, SOURCES)
    present = [place for place in _ORDER if metric.get(place) is not None]
    for place in present[:1]:  # of several, upstream looks into one
        yield from _source(place, metric[place], f"{path}.{place}")
    expected = SOURCES.get(kind)
    if not expected:  # sic: upstream looks at it twice
        yield unsupported(f"{path}.type", kind, SOURCES)
    if expected and expected not in present:
        yield required(f"{path}.{expected}", "must populate information for the given metric source")
    for place in present if len(present) > 1 else ():
        if place != expected:
            yield forbidden(f"{path}.{place}", "must populate the given metric source only")


def _source(place: str, source: Object, path: str) -> Iterator[Problem]:
    target = source.get("target") or {}
    if place in ("resource", "containerResource"):
        if not source.get("name"):
            yield required(f"{path}.name", "must specify a resource name")
        elif place == "containerResource":
            yield from container_resource_name(f"{path}.name", source["name"])
        if place == "containerResource":
            if not source.get("container"):
                yield required(f"{path}.container", "must specify a container")
            else:
                yield from by_rule(f"{path}.container", source["container"], names.dns_label)
        yield from _target(target, f"{path}.target")
        yield from _one_of_two(target, f"{path}.target")
        return
    if place == "object":
        yield from _reference(source.get("describedObject") or {}, f"{path}.describedObject")
    name = (source.get("metric") or {}).get("name") or ""
    if not name:
        yield required(f"{path}.metric.name", "must specify a metric name")
    yield from _segment(f"{path}.metric.name", name)
    yield from _target(target, f"{path}.target")
    yield from _amounts(place, target, f"{path}.target")


def _amounts(place: str, target: Object, path: str) -> Iterator[Problem]:
    value, average = target.get("value"), target.get("averageValue")
    if place == "pods":
        if average is None or not _positive(average):
            yield required(f"{path}.averageValue", "must specify a positive target averageValue")
    elif value is None and average is None:
        words = "target value for metric or a per-pod target" if place == "external" else "target value or averageValue"
        yield required(f"{path}.averageValue", f"must set either a {words}")
    elif place == "external" and value is not None and average is not None:
        yield forbidden(f"{path}.value", "may not set both a target value for metric and a per-pod target")


def _one_of_two(target: Object, path: str) -> Iterator[Problem]:
    share, value = target.get("averageUtilization"), target.get("averageValue")
    if share is None and value is None:
        yield required(f"{path}.averageUtilization", "must set either a target raw value or a target utilization")
    elif share is not None and value is not None:
        yield forbidden(f"{path}.averageValue", "may not set both a target raw value and a target utilization")


def _target(target: Object, path: str) -> Iterator[Problem]:
    kind = target.get("type") or ""
    if not kind:
        yield required(f"{path}.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        yield invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        amount = target.get(name)
        if amount is not None and not _positive(amount):
            yield invalid(f"{path}.{name}", amount, "must be positive")
    share = target.get("averageUtilization")
    if share is not None and share < 1:
        yield invalid(f"{path}.averageUtilization", share, "must be greater than 0")


def _positive(amount: Any) -> bool:
    return quantities.nanos(amount) > 0


def _rules(rules: Object, path: str) -> Iterator[Problem]:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > MAX_WINDOW:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, f"must be less than or equal to {MAX_WINDOW}")
    select = rules.get("selectPolicy")
    if select is not None and select not in ("Max", "Min", "Disabled"):
        yield unsupported(f"{path}.selectPolicy", select, ("Max", "Min", "Disabled"))
    tolerance = rules.get("tolerance")
    if tolerance is not None and quantities.nanos(tolerance) < 0:
        yield invalid(f"{path}.tolerance", tolerance, "must be greater than or equal to 0")
    if not rules.get("policies"):
        yield required(f"{path}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.get("policies") or ()):
        yield from _policy(policy, f"{path}.policies[{index}]")


def _policy(policy: Object, path: str) -> Iterator[Problem]:
    if policy.get("type") not in ("Pods", "Percent"):
        yield unsupported(f"{path}.type", policy.get("type") or "", ("Pods", "Percent"))
    for name in ("value", "periodSeconds"):
        if (policy.get(name) or 0) <= 0:
            yield invalid(f"{path}.{name}", policy.get(name) or 0, "must be greater than zero")
    if (policy.get("periodSeconds") or 0) > MAX_PERIOD:
        yield invalid(f"{path}.periodSeconds", policy["periodSeconds"], f"must be less than or equal to {MAX_PERIOD}")
