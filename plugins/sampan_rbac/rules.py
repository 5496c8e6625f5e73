"""What one rule of a role allows. Pure. Source: rbac.authorization.k8s.io/v1 PolicyRule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sampan.contracts.kinds import Object


class Rule(NamedTuple):
    """A PolicyRule ready to be asked."""

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]  # pods, pods/log, */scale, *
    names: frozenset[str]  # empty: any
    paths: tuple[str, ...]  # /healthz, /api/*, *

    def allows_verb(self, verb: str) -> bool:
        return "*" in self.verbs or verb in self.verbs

    def allows_resource(self, group: str, resource: str, subresource: str) -> bool:
        """Whether the kind of thing is covered; names are another question."""
        if not ("*" in self.groups or group in self.groups):
            return False
        if "*" in self.resources:
            return True
        if not subresource:
            return resource in self.resources
        return f"{resource}/{subresource}" in self.resources or f"*/{subresource}" in self.resources

    def allows_path(self, path: str) -> bool:
        return any(_path_matches(pattern, path) for pattern in self.paths)


def compiled(rules: Iterable[Object] | None) -> list[Rule]:
    """The rules of a role object."""
    return [
        Rule(
            frozenset(rule.get("verbs") or ()),
            frozenset(rule.get("apiGroups") or ()),
            frozenset(rule.get("resources") or ()),
            frozenset(rule.get("resourceNames") or ()),
            tuple(rule.get("nonResourceURLs") or ()),
        )
        for rule in rules or ()
    ]


def resource_covers(owned: frozenset[str], resource: str) -> bool:
    _parent, slash, subresource = resource.partition("/")
    return "*" in owned or resource in owned or (bool(slash) and f"*/{subresource}" in owned)


def _path_matches(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def path_covers(pattern: str, wanted: str) -> bool:
    return pattern in ("*", wanted) or (pattern.endswith("*") and wanted.startswith(pattern.rstrip("*")))
