"""Which rule of a policy a request falls under; an answer is remembered, for the same callers ask for the same things.

Source: upstream's pkg/audit/policy/checker.go.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.chain import ChainRequest
from sampan_audit.policy import NONE, GroupResources, Policy, Rule

_MOST = 8192


class Verdict(NamedTuple):
    """What is to be logged of a request."""

    level: int
    omit_stages: frozenset[str]
    omit_managed_fields: bool


class Matcher:
    """Thread-safe: what is remembered is replaced as a whole."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._by_place = any(rule.namespaces for rule in policy.rules)
        self._by_name = any(each.names for rule in policy.rules for each in rule.resources)
        self._known: dict[tuple[object, ...], Verdict | None] = {}

    def verdict(self, request: ChainRequest) -> Verdict | None:
        """None: nothing."""
        user = request.user
        key: tuple[object, ...] = (
            user.name, user.groups, request.verb, request.group, request.resource or request.path, request.subresource,
            request.namespace if self._by_place else "", request.name if self._by_name else "",
        )  # fmt: skip
        known = self._known
        try:
            return known[key]
        except KeyError:
            if len(known) >= _MOST:
                known = self._known = {}
            found = known[key] = self._find(request)
            return found

    def _find(self, request: ChainRequest) -> Verdict | None:
        for rule in self._policy.rules:
            if matches(rule, request):
                if rule.level == NONE:
                    return None
                return Verdict(rule.level, rule.omit_stages, rule.omit_managed_fields)
        return None


def matches(rule: Rule, request: ChainRequest) -> bool:
    user = request.user
    if rule.users and user.name not in rule.users:
        return False
    if rule.groups and not any(group in rule.groups for group in user.groups):
        return False
    if rule.verbs and request.verb not in rule.verbs:
        return False
    if rule.namespaces or rule.resources:
        return bool(request.resource) and _matches_resource(rule, request)
    if rule.paths:
        return not request.resource and any(_matches_path(path, request.path) for path in rule.paths)
    return True


def _matches_resource(rule: Rule, request: ChainRequest) -> bool:
    if rule.namespaces and request.namespace not in rule.namespaces:
        return False
    return not rule.resources or any(_matches_group(each, request) for each in rule.resources)


def _matches_group(found: GroupResources, request: ChainRequest) -> bool:
    if found.group not in (request.group, "*"):
        return False
    if not found.resources:
        return True
    if found.names and request.name not in found.names:
        return False
    resource, sub = request.resource, request.subresource
    wanted = {"*", f"{resource}/{sub}" if sub else resource, f"{resource}/*"}
    if sub:
        wanted.add(f"*/{sub}")
    return not wanted.isdisjoint(found.resources)


def _matches_path(pattern: str, path: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern.rstrip("*"))
    return path == pattern
