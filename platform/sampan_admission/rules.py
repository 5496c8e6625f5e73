"""One rule of a webhook or an admission policy: which resources, operations and scope it names. Pure.

Source: admissionregistration.k8s.io/v1 RuleWithOperations and NamedRuleWithOperations; apiserver's
plugin/webhook/predicates/rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Resource

ANY = "*"
GROUP = "admissionregistration.k8s.io"
#: Configuration of admission itself is exempt from webhooks and policies: a bad one could not be repaired.
EXEMPT = frozenset({
    "validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies",
    "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
})  # fmt: skip


class Rule(NamedTuple):
    """One rule, read. ``resources`` are pairs of plural and subresource."""

    groups: frozenset[str]
    versions: frozenset[str]
    resources: tuple[tuple[str, str], ...]
    operations: frozenset[str]
    scope: str = ANY
    names: frozenset[str] = frozenset()  # of a policy's rule; empty: every name

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> Rule:
        split = (str(each).partition("/") for each in rule.get("resources") or ())
        return cls(
            frozenset(rule.get("apiGroups") or ()), frozenset(rule.get("apiVersions") or ()),
            tuple((plural, sub) for plural, _, sub in split), frozenset(rule.get("operations") or ()),
            str(rule.get("scope") or ANY), frozenset(rule.get("resourceNames") or ()),
        )  # fmt: skip

    def names_resource(self, resource: Resource, subresource: str, operation: str) -> bool:
        """Whether it names such requests, whatever the object's name is."""
        return (
            _has(self.operations, operation)
            and _has(self.groups, resource.group)
            and _has(self.versions, resource.version)
            and self._in_scope(resource)
            and any(
                plural in (ANY, resource.plural) and sub in (ANY, subresource) for plural, sub in self.resources
            )
        )  # fmt: skip

    def _in_scope(self, resource: Resource) -> bool:
        return self.scope == ANY or (self.scope == "Namespaced") == resource.namespaced


def is_exempt(resource: Resource) -> bool:
    """Whether neither webhooks nor policies are asked about the resource."""
    return resource.group == GROUP and resource.plural in EXEMPT


def _has(wanted: frozenset[str], value: str) -> bool:
    return value in wanted or ANY in wanted
