"""Validation of matchConstraints and matchResources, and of the reference to parameters.

Source: pkg/apis/admissionregistration/validation (validateMatchResources, validateParamRef).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_admission.rulevalidation import validate_rules
from sampan_machinery import names, problems, validation


def match_resources(match: Mapping[str, Any], path: str) -> Iterator[Problem]:
    policy = match.get("matchPolicy")
    if policy is None:
        yield problems.required(f"{path}.matchPolicy")
    elif policy not in ("Equivalent", "Exact"):
        yield problems.unsupported(f"{path}.matchPolicy", policy, ("Equivalent", "Exact"))
    for name in ("namespaceSelector", "objectSelector"):
        if match.get(name) is None:
            yield problems.required(f"{path}.{name}")
        else:
            yield from validation.validate_label_selector(f"{path}.{name}", match[name])
    for name in ("resourceRules", "excludeResourceRules"):
        yield from validate_rules(match.get(name) or (), f"{path}.{name}")


def mutable_operations(match: Mapping[str, Any] | None, path: str) -> Iterator[Problem]:
    """A mutating policy has no say in a deletion."""
    supported = ("*", "CONNECT", "CREATE", "UPDATE")
    for rule in (match or {}).get("resourceRules") or ():
        for operation in rule.get("operations") or ():
            if operation not in supported:
                yield problems.unsupported(f"{path}.resourceRules.operations", operation, supported)


def param_ref(ref: Mapping[str, Any], path: str) -> Iterator[Problem]:
    name, selector, action = str(ref.get("name") or ""), ref.get("selector"), ref.get("parameterNotFoundAction")
    exclusive = "name and selector are mutually exclusive"
    if name:
        yield from validation.by_rule(f"{path}.name", name, names.path_segment)
        if selector is not None:
            yield problems.forbidden(f"{path}.name", exclusive)
    if selector is not None:
        yield from validation.validate_label_selector(f"{path}.selector", selector)
        if name:
            yield problems.forbidden(f"{path}.selector", exclusive)
    if not name and selector is None:
        yield problems.required(path, "one of name or selector must be specified")
    if not action:
        yield problems.required(f"{path}.parameterNotFoundAction")
    elif action not in ("Deny", "Allow"):
        yield problems.unsupported_in_order(f"{path}.parameterNotFoundAction", action, ("Deny", "Allow"))
