"""What one webhook or admission policy matches: rules, excluded rules, match policy and selectors. Pure.

Source: apiserver's plugin/webhook/generic (ShouldCallHook) and plugin/policy/matching.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan_admission.rules import Rule
from sampan_admission.subjects import Subject
from sampan_machinery.selectors import Selector, from_object

EVERY = from_object({})

#: The labels of a namespace; raises NotFound for one that does not exist.
NamespaceLabels = Callable[[str], Mapping[str, str]]


class Criteria:
    """Read once from a webhook or a policy's ``matchConstraints`` or ``matchResources``."""

    __slots__ = ("equivalent", "excluded", "namespaces", "objects", "rules")

    def __init__(
        self, rules: Sequence[Rule] | None, excluded: Sequence[Rule] = (), *, equivalent: bool = True,
        namespaces: Selector = EVERY, objects: Selector = EVERY,
    ) -> None:  # fmt: skip
        """``rules`` None: every resource."""
        self.rules, self.excluded, self.equivalent = rules, excluded, equivalent
        self.namespaces, self.objects = namespaces, objects

    @classmethod
    def of_webhook(cls, webhook: Mapping[str, Any]) -> Criteria:
        """Of a webhook with its defaults. Without rules it matches nothing."""
        return cls(_rules(webhook.get("rules")), **_rest(webhook))

    @classmethod
    def of_policy(cls, match: Mapping[str, Any]) -> Criteria:
        """Of a policy's matchConstraints or a binding's matchResources. Without rules it matches everything."""
        rules = _rules(match.get("resourceRules"))
        return cls(rules or None, _rules(match.get("excludeResourceRules")), **_rest(match))

    def resource(self, subject: Subject) -> Resource | None:
        """The resource in the version that a rule names, None where no rule or an excluded one names it."""
        if self._named(self.excluded, subject) is not None:
            return None
        return subject.resource if self.rules is None else self._named(self.rules, subject)

    def concerns(self, versions: Sequence[Resource], subresource: str, operation: str) -> bool:
        """Whether requests of this sort may match, of a resource in any of its versions. For a table that is made when
        kinds or rules change."""
        if self.rules is None:
            return True
        return any(rule.names_resource(each, subresource, operation) for rule in self.rules for each in versions)

    def selects(
        self, subject: Subject, obj: Object | None, old: Object | None, namespace_labels: NamespaceLabels
    ) -> bool:
        """Whether both selectors take the request. Raises what ``namespace_labels`` raises, but only where the object
        selector takes it."""
        if not (self.objects.empty or _labelled(obj, self.objects) or _labelled(old, self.objects)):
            return False
        if self.namespaces.empty or not (subject.namespace or subject.is_namespace):
            return True  # what has no namespace is never exempt
        if subject.is_namespace and not subject.subresource and subject.operation in ("CREATE", "UPDATE"):
            return _labelled(obj, self.namespaces)
        return self.namespaces.matches(namespace_labels(subject.namespace))

    def _named(self, rules: Sequence[Rule], subject: Subject) -> Resource | None:
        if not rules:
            return None
        if any(_names(rule, subject.resource, subject) for rule in rules):
            return subject.resource
        if self.equivalent:
            for rule in rules:  # an earlier rule counts before a better version
                for other in subject.equivalents:
                    if other != subject.resource and _names(rule, other, subject):
                        return other
        return None


def _names(rule: Rule, resource: Resource, subject: Subject) -> bool:
    return (not rule.names or subject.name in rule.names) and rule.names_resource(
        resource, subject.subresource, subject.operation
    )


def _rules(found: Sequence[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    return tuple(Rule.of(each) for each in found or ())


def _rest(match: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "equivalent": (match.get("matchPolicy") or "Equivalent") == "Equivalent",
        "namespaces": _selector(match.get("namespaceSelector")), "objects": _selector(match.get("objectSelector")),
    }  # fmt: skip


def _selector(found: Mapping[str, Any] | None) -> Selector:
    return EVERY if not found else from_object(found)


def _labelled(obj: Object | None, selector: Selector) -> bool:
    return obj is not None and selector.matches((obj.get("metadata") or {}).get("labels"))
