"""Whether an object is in the scopes of a quota. Pure. Source: API reference ScopeSelector, KEP-547, KEP-2249."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sampan.contracts.kinds import Object
from sampan_podspec.requests import qos_class
from sampan_quota import resourcequota as scopes

#: Whether an object is in what a requirement of a scope selector says.
InScope = Callable[[Object, Object], bool]


def requirements_of(quota: Object) -> Iterator[Object]:
    """All that an object must meet to count: scopes, and the expressions of the scope selector."""
    spec = quota.get("spec") or {}
    for scope in spec.get("scopes") or ():
        yield {"scopeName": scope, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or ()


def in_no_scope(requirement: Object, obj: Object) -> bool:
    """Most kinds: a quota with scopes does not count them."""
    return False


def pod_in_scope(requirement: Object, pod: Object) -> bool:
    spec, scope = pod.get("spec") or {}, requirement.get("scopeName")
    if scope in (scopes.TERMINATING, scopes.NOT_TERMINATING):
        return has_deadline(pod) is (scope == scopes.TERMINATING)
    if scope in (scopes.BEST_EFFORT, scopes.NOT_BEST_EFFORT):
        return (qos_class(spec) == "BestEffort") is (scope == scopes.BEST_EFFORT)
    if scope == scopes.PRIORITY_CLASS:
        name = spec.get("priorityClassName")
        return _selects(requirement, {name} if name else set())
    return scope == scopes.CROSS_NAMESPACE and _crosses_namespaces(spec.get("affinity") or {})


def claim_in_scope(requirement: Object, claim: Object) -> bool:
    if requirement.get("scopeName") != scopes.ATTRIBUTES_CLASS:
        return False
    status = claim.get("status") or {}
    names = {
        (claim.get("spec") or {}).get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    }
    return _selects(requirement, {name for name in names if name})


def has_deadline(pod: Object) -> bool:
    """Whether a pod is "terminating" in the meaning of scopes: it may run for a limited time only."""
    seconds = (pod.get("spec") or {}).get("activeDeadlineSeconds")
    return seconds is not None and seconds >= 0


def _selects(requirement: Object, names: set[str]) -> bool:
    """As a label selector does, with the scope as the key. An object with several names needs one that matches."""
    operator, values = requirement.get("operator"), set(requirement.get("values") or ())
    if operator == "Exists":
        return bool(names)
    if operator == "DoesNotExist":
        return not names
    if operator == "In":
        return bool(names & values)
    return not names or bool(names - values)


def _crosses_namespaces(affinity: Object) -> bool:
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        preferred = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms = [
            *(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()),
            *(each.get("podAffinityTerm") or {} for each in preferred),
        ]
        if any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms):
            return True
    return False
