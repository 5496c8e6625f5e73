"""What is wrong with the rules of a webhook or a policy. Pure.

Source: pkg/apis/admissionregistration/validation (validateRuleWithOperations, validateNamedRuleWithOperations).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems, validation

OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
SCOPES = ("*", "Cluster", "Namespaced")
ANY = "*"


def validate_rules(rules: Sequence[Object], at: str) -> Iterator[Problem]:
    for number, rule in enumerate(rules):
        here = f"{at}[{number}]"
        yield from _names(rule.get("resourceNames") or (), f"{here}.resourceNames")
        yield from _alone(rule.get("operations") or (), f"{here}.operations", "operations")
        for place, operation in enumerate(rule.get("operations") or ()):
            if operation not in OPERATIONS:
                yield problems.unsupported(f"{here}.operations[{place}]", operation, OPERATIONS)
        yield from _alone(rule.get("apiGroups") or (), f"{here}.apiGroups", "API groups")
        yield from _alone(rule.get("apiVersions") or (), f"{here}.apiVersions", "API versions")
        for place, version in enumerate(rule.get("apiVersions") or ()):
            if not version:
                yield problems.required(f"{here}.apiVersions[{place}]")
        yield from _resources(rule.get("resources") or (), f"{here}.resources")
        if rule.get("scope") not in (None, *SCOPES):
            yield problems.unsupported(f"{here}.scope", rule["scope"], SCOPES)


def _names(found: Sequence[str], at: str) -> Iterator[Problem]:
    """Of a policy's rule: the names of the objects that it is about."""
    for number, name in enumerate(found):
        yield from validation.by_rule(f"{at}[{number}]", str(name), names.path_segment)
        if name in found[:number]:
            yield problems.duplicate(f"{at}[{number}]", name)


def _alone(found: Sequence[str], at: str, what: str) -> Iterator[Problem]:
    """One at least, and "*" only by itself."""
    if not found:
        yield problems.required(at)
    if len(found) > 1 and ANY in found:
        yield problems.invalid(at, list(found), f"if '*' is present, must not specify other {what}")


def _resources(found: Sequence[str], at: str) -> Iterator[Problem]:
    if not found:
        yield problems.required(at)
    whole: set[str] = set()  # resources of which all subresources are named
    everywhere: set[str] = set()  # subresources that are named of all resources
    is_plain = False  # the last one without a subresource is not "*", as upstream counts
    for number, each in enumerate(found):
        here = f"{at}[{number}]"
        if not each:
            yield problems.required(here)
            continue
        plural, slash, sub = each.partition("/")
        if not slash:
            is_plain = each != ANY
            continue
        if plural in whole:
            yield problems.invalid(here, each, f"if '{plural}/*' is present, must not specify {each}")
        if sub in everywhere:
            yield problems.invalid(here, each, f"if '*/{sub}' is present, must not specify {each}")
        if sub == ANY:
            whole.add(plural)
        if plural == ANY:
            everywhere.add(sub)
    if len(found) > 1 and "*/*" in found:
        yield problems.invalid(at, list(found), "if '*/*' is present, must not specify other resources")
    if ANY in found and is_plain:
        detail = "if '*' is present, must not specify other resources without subresources"
        yield problems.invalid(at, list(found), detail)
