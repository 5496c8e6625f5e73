"""The four kinds: defaults and columns. Source: API reference admissionregistration.k8s.io/v1; printersinternal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.resources import (
    MUTATING_ADMISSION_POLICIES,
    MUTATING_ADMISSION_POLICY_BINDINGS,
    VALIDATING_ADMISSION_POLICIES,
    VALIDATING_ADMISSION_POLICY_BINDINGS,
)

_UNSET = "<unset>"


def default_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("failurePolicy", "Fail")
    _default_match(spec.get("matchConstraints"))


def default_binding(obj: Object) -> None:
    _default_match((obj.get("spec") or {}).get("matchResources"))


def _default_match(match: dict[str, Any] | None) -> None:
    if match is None:
        return
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    for name in ("resourceRules", "excludeResourceRules"):
        for rule in match.get(name) or ():
            rule.setdefault("scope", "*")


# The compiler is loaded when a policy is written: a cluster without any does not need it.


def _validating(new: Object, old: Object | None) -> Iterator[Problem]:
    from sampan_policies import validation

    yield from validation.validate_validating(new, old)
    yield from validation.validate_status(new, old)


def _mutating(new: Object, old: Object | None) -> Iterator[Problem]:
    from sampan_policies.mutation_validation import validate_mutating

    yield from validate_mutating(new, old)


def _validating_binding(new: Object, old: Object | None) -> Iterator[Problem]:
    from sampan_policies.mutation_validation import validate_validating_binding

    yield from validate_validating_binding(new, old)


def _mutating_binding(new: Object, old: Object | None) -> Iterator[Problem]:
    from sampan_policies.mutation_validation import validate_mutating_binding

    yield from validate_mutating_binding(new, old)


# Columns


def _count(name: str) -> Any:
    return lambda obj: len((obj.get("spec") or {}).get(name) or ())


def _param_kind(obj: Object) -> str:
    kind = (obj.get("spec") or {}).get("paramKind")
    return f"{kind.get('apiVersion') or ''}/{kind.get('kind') or ''}" if kind else _UNSET


def _param_ref(obj: Object) -> str:
    ref = (obj.get("spec") or {}).get("paramRef")
    if not ref:
        return _UNSET
    if ref.get("name"):
        return f"{ref.get('namespace') or '*'}/{ref['name']}"
    return _UNSET if ref.get("selector") is None else _selector(ref["selector"])


def _selector(selector: dict[str, Any]) -> str:
    """As Go prints a LabelSelector."""
    labels = selector.get("matchLabels") or {}
    shown = "".join(f"{key}: {labels[key]}," for key in sorted(labels))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{each.get('key')},Operator:{each.get('operator')},"
        f"Values:[{' '.join(each.get('values') or ())}],}},"
        for each in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{shown}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )


def _columns(count: Column) -> tuple[Column, ...]:
    description = "ParamKind specifies the kind of resources used to parameterize this policy"
    return (NAME, count, Column("ParamKind", _param_kind, description=description), AGE)


_BINDING_COLUMNS = (
    NAME,
    Column(
        "PolicyName", lambda obj: (obj.get("spec") or {}).get("policyName") or "",
        description="PolicyName indicates the policy definition which the policy binding binded to",
    ),
    Column(
        "ParamRef", _param_ref,
        description="ParamRef indicates the param resource which sets the configuration param",
    ),
    AGE,
)  # fmt: skip

VALIDATING_POLICY = Kind(
    **VALIDATING_ADMISSION_POLICIES._asdict(), categories=("api-extensions",), status=True, status_metadata=False,
    generation=True, has_expressions=True,
    unconditional_update=False, any_finalizer=True, default=default_policy, validate=_validating,
    columns=_columns(Column(
        "Validations", _count("validations"), type="integer",
        description="Validations indicates the number of validation rules defined in this configuration",
    )),
)  # fmt: skip
VALIDATING_BINDING = Kind(
    **VALIDATING_ADMISSION_POLICY_BINDINGS._asdict(), categories=("api-extensions",), generation=True,
    unconditional_update=False, any_finalizer=True, default=default_binding, validate=_validating_binding,
    columns=_BINDING_COLUMNS,
)  # fmt: skip
MUTATING_POLICY = Kind(
    **MUTATING_ADMISSION_POLICIES._asdict(), categories=("api-extensions",), generation=True, has_expressions=True,
    unconditional_update=False, any_finalizer=True, default=default_policy, validate=_mutating,
    columns=_columns(Column(
        "Mutations", _count("mutations"), type="integer",
        description="Mutation indicates the number of mutations rules defined in this configuration",
    )),
)  # fmt: skip
MUTATING_BINDING = Kind(
    **MUTATING_ADMISSION_POLICY_BINDINGS._asdict(), categories=("api-extensions",), generation=True,
    unconditional_update=False, any_finalizer=True, default=default_binding, validate=_mutating_binding,
    columns=_BINDING_COLUMNS,
)  # fmt: skip

KINDS = (VALIDATING_POLICY, VALIDATING_BINDING, MUTATING_POLICY, MUTATING_BINDING)
