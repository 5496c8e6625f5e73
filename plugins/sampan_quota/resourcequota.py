"""The kind ResourceQuota: what may stand in it, and its printed columns. Source: API reference core/v1 ResourceQuota,
upstream's validation (its wording too)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_machinery import problems, quantities
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.resources import RESOURCE_QUOTAS
from sampan_machinery.validation import validate_quantity
from sampan_quota.amounts import is_standard_of_quotas, is_whole, quota_resource_name

TERMINATING, NOT_TERMINATING = "Terminating", "NotTerminating"
BEST_EFFORT, NOT_BEST_EFFORT = "BestEffort", "NotBestEffort"
PRIORITY_CLASS, CROSS_NAMESPACE = "PriorityClass", "CrossNamespacePodAffinity"
ATTRIBUTES_CLASS = "VolumeAttributesClass"

_COMPUTE = frozenset({"cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"})
_OF_PODS = _COMPUTE | {"pods"}
#: Scope → the standard resources that it can be combined with.
_SCOPES = {
    TERMINATING: _OF_PODS,
    NOT_TERMINATING: _OF_PODS,
    BEST_EFFORT: frozenset({"pods"}),
    NOT_BEST_EFFORT: _OF_PODS,
    PRIORITY_CLASS: _OF_PODS,
    CROSS_NAMESPACE: _OF_PODS,
    ATTRIBUTES_CLASS: frozenset({"persistentvolumeclaims", "requests.storage"}),
}
_CONFLICTING = (frozenset({BEST_EFFORT, NOT_BEST_EFFORT}), frozenset({TERMINATING, NOT_TERMINATING}))
#: Scopes that an object has or has not: no values to choose from.
_WITHOUT_VALUES = frozenset({BEST_EFFORT, NOT_BEST_EFFORT, TERMINATING, NOT_TERMINATING, CROSS_NAMESPACE})
_ONLY_EXISTS = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec, status = new.get("spec") or {}, new.get("status") or {}
    yield from _amounts("spec.hard", spec.get("hard") or {})
    yield from _scopes(spec)
    if spec.get("scopeSelector") is not None:
        yield from _selector(spec)
    yield from _amounts("status.hard", status.get("hard") or {})
    yield from _amounts("status.used", status.get("used") or {})
    if old is not None and set(spec.get("scopes") or ()) != set((old.get("spec") or {}).get("scopes") or ()):
        yield problems.invalid("spec.scopes", spec.get("scopes") or [], "field is immutable")


def _amounts(path: str, amounts: dict[str, Any]) -> Iterator[Problem]:
    for name, amount in sorted(amounts.items()):
        where = f"{path}[{name}]"
        yield from quota_resource_name(where, name)
        yield from validate_quantity(where, amount)
        if is_whole(name) and quantities.is_quantity(amount) and quantities.milli(amount) % 1000:
            yield problems.invalid(where, amount, "must be an integer")


def _scopes(spec: Object) -> Iterator[Problem]:
    scopes = spec.get("scopes") or []
    for scope in scopes:
        if scope not in _SCOPES:
            yield problems.invalid("spec.scopes", scopes, "unsupported scope")
        for _ in _unfit(scope, spec):
            yield problems.invalid("spec.scopes", scopes, "unsupported scope applied to resource")
    for pair in _CONFLICTING:
        if pair <= set(scopes):
            yield problems.invalid("spec.scopes", scopes, "conflicting scopes")


def _unfit(scope: str, spec: Object) -> Iterable[str]:
    """The limited resources that a scope cannot be combined with."""
    fit = _SCOPES.get(scope)
    if fit is None:
        return ()
    return [name for name in sorted(spec.get("hard") or ()) if is_standard_of_quotas(name) and name not in fit]


def _selector(spec: Object) -> Iterator[Problem]:
    path, expressions = "spec.scopeSelector.matchExpressions", spec["scopeSelector"].get("matchExpressions") or ()
    for each in expressions:
        scope = each.get("scopeName") or ""
        if scope not in _SCOPES:
            yield problems.invalid(f"{path}.scopeName", scope, "unsupported scope")
        for _ in _unfit(scope, spec):
            yield problems.invalid(path, _as_go(spec["scopeSelector"]), "unsupported scope applied to resource")
        yield from _requirement(path, scope, each.get("operator") or "", each.get("values") or [])
    for pair in _CONFLICTING:
        if pair <= {each.get("scopeName") for each in expressions}:
            yield problems.invalid(path, spec.get("scopes"), "conflicting scopes")


def _requirement(path: str, scope: str, operator: str, values: list[str]) -> Iterator[Problem]:
    if scope in _WITHOUT_VALUES and operator != "Exists":
        yield problems.invalid(f"{path}.operator", operator, _ONLY_EXISTS)
    if operator in ("In", "NotIn"):
        if not values:
            detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            yield problems.required(f"{path}.values", detail)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            yield problems.invalid(f"{path}.values", values, detail)
    else:
        yield problems.invalid(f"{path}.operator", operator, "not a valid selector operator")


def _as_go(selector: Object) -> Object:
    """As upstream's message shows it: its internal type has no JSON names."""
    return {
        "MatchExpressions": [
            {"ScopeName": each.get("scopeName"), "Operator": each.get("operator"), "Values": each.get("values")}
            for each in selector.get("matchExpressions") or ()
        ]
    }


def warnings(quota: Object) -> Iterator[str]:
    """What is allowed and yet not meant: requests that are greater than limits."""
    hard = (quota.get("spec") or {}).get("hard") or {}
    for name in ("cpu", "memory", "storage", "ephemeral-storage"):
        names = (f"requests.{name}", name) if name in ("cpu", "memory") else (f"requests.{name}",)
        request, limit = next((each for each in names if each in hard), ""), f"limits.{name}"
        if request and limit in hard and quantities.compare(hard[request], hard[limit]) > 0:
            shown = [f"{each} ({quantities.canonical(hard[each])})" for each in (request, limit)]
            yield f"ResourceQuota {shown[0]} should be less than {shown[1]}"


def _cell(*, limits: bool) -> Any:
    def cell(quota: Object) -> str:
        status = quota.get("status") or {}
        used = status.get("used") or {}
        return ", ".join(
            f"{name}: {used.get(name, '0')}/{hard}"
            for name, hard in sorted((status.get("hard") or {}).items())
            if name.startswith("limits.") is limits
        )

    return cell


RESOURCE_QUOTA = Kind(
    **RESOURCE_QUOTAS._asdict(),
    short_names=("quota",),
    shown_deleted=True,
    columns=(
        NAME,
        Column(
            "Request",
            _cell(limits=False),
            description="Request represents a minimum amount of cpu/memory that a container may consume.",
        ),
        Column(
            "Limit",
            _cell(limits=True),
            description="Limits control the maximum amount of cpu/memory that a container may use independent of "
            "contention on the node.",
        ),
        AGE,
    ),
    status=True,
    validate=validate,
)
