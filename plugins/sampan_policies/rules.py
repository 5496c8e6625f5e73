"""Validation of matchConstraints and matchResources, and of the reference to parameters.

Source: pkg/apis/admissionregistration/validation (validateMatchResources, validateRuleWithOperations, validateParamRef).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems, validation

ANY = "*"
OPERATIONS = (ANY, "CREATE", "UPDATE", "DELETE", "CONNECT")
SCOPES = ("*", "Cluster", "Namespaced")


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
        for index, rule in enumerate(match.get(name) or ()):
            yield from _named_rule(rule, f"{path}.{name}[{index}]")


def mutable_operations(match: Mapping[str, Any] | None, path: str) -> Iterator[Problem]:
    """A mutating policy has no say in a deletion."""
    supported = (ANY, "CONNECT", "CREATE", "UPDATE")
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


def _named_rule(rule: Mapping[str, Any], path: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(rule.get("resourceNames") or ()):
        at = f"{path}.resourceNames[{index}]"
        yield from validation.by_rule(at, str(name), names.path_segment)
        if name in seen:
            yield problems.duplicate(at, name)
        seen.add(name)
    operations = list(rule.get("operations") or ())
    yield from _some(operations, f"{path}.operations", "operations")
    for index, operation in enumerate(operations):
        if operation not in OPERATIONS:
            yield problems.unsupported(f"{path}.operations[{index}]", operation, OPERATIONS)
    yield from _rule(rule, path)


def _rule(rule: Mapping[str, Any], path: str) -> Iterator[Problem]:
    versions = list(rule.get("apiVersions") or ())
    yield from _some(list(rule.get("apiGroups") or ()), f"{path}.apiGroups", "API groups")
    yield from _some(versions, f"{path}.apiVersions", "API versions")
    for index, version in enumerate(versions):
        if not version:
            yield problems.required(f"{path}.apiVersions[{index}]")
    yield from _resources(list(rule.get("resources") or ()), f"{path}.resources")
    scope = rule.get("scope")
    if scope is not None and scope not in SCOPES:
        yield problems.unsupported(f"{path}.scope", scope, SCOPES)


def _some(values: Sequence[str], path: str, what: str) -> Iterator[Problem]:
    if not values:
        yield problems.required(path)
    if len(values) > 1 and ANY in values:
        yield problems.invalid(path, list(values), f"if '*' is present, must not specify other {what}")


def _resources(resources: Sequence[str], path: str) -> Iterator[Problem]:
    if not resources:
        yield problems.required(path)
    all_below: set[str] = set()  # x of x/*
    below_all: set[str] = set()  # x of */x
    plain = False
    for index, each in enumerate(resources):
        at = f"{path}[{index}]"
        if not each:
            yield problems.required(at)
            continue
        plural, slash, sub = each.partition("/")
        if not slash:
            plain = each != ANY  # as upstream, of the last one
            continue
        if plural in all_below:
            yield problems.invalid(at, each, f"if '{plural}/*' is present, must not specify {each}")
        if sub in below_all:
            yield problems.invalid(at, each, f"if '*/{sub}' is present, must not specify {each}")
        if sub == ANY:
            all_below.add(plural)
        if plural == ANY:
            below_all.add(sub)
    if len(resources) > 1 and "*/*" in resources:
        yield problems.invalid(path, list(resources), "if '*/*' is present, must not specify other resources")
    if ANY in resources and plain:
        words = "if '*' is present, must not specify other resources without subresources"
        yield problems.invalid(path, list(resources), words)
