"""Validation of scheduling fields: tolerations, affinity, topology spread, gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule, validate_label_selector

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
TOLERATION_OPERATORS = ("Equal", "Exists")
COMPARISONS = ("Lt", "Gt")
NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
SPREAD_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
INCLUSION_POLICIES = ("Honor", "Ignore")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_ALL_KEYS = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'


def tolerations(path: str, found: list[dict[str, Any]]) -> Iterator[Problem]:
    for index, toleration in enumerate(found):
        key, operator = toleration.get("key"), toleration.get("operator") or "Equal"
        effect, value = toleration.get("effect"), toleration.get("value") or ""
        if key:
            if names.label_key(key):
                yield from by_rule(f"{path}[{index}].key", key, names.label_key)
        elif operator != "Exists":
            yield problems.invalid(f"{path}[{index}].operator", toleration.get("operator") or "", _ALL_KEYS)
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield problems.invalid(f"{path}[{index}].effect", effect or "", detail)
        if operator in COMPARISONS:  # alpha upstream, and named by it
            yield problems.unsupported_in_order(
                f"{path}[{index}].operator", operator, (*TOLERATION_OPERATORS, *COMPARISONS)
            )
        elif operator not in TOLERATION_OPERATORS:
            yield problems.unsupported(f"{path}[{index}].operator", operator, TOLERATION_OPERATORS)
        elif operator == "Exists" and value:
            detail = "value must be empty when `operator` is 'Exists'"
            yield problems.invalid(f"{path}[{index}].operator", value, detail)
        elif names.label_value(value):
            detail = "; ".join(names.label_value(value))
            yield problems.invalid(f"{path}[{index}].operator", value, detail)
        if effect and effect not in EFFECTS:
            yield problems.unsupported_in_order(f"{path}[{index}].effect", effect, EFFECTS)


def affinity(path: str, found: dict[str, Any]) -> Iterator[Problem]:
    if node := found.get("nodeAffinity"):
        yield from _node_affinity(f"{path}.nodeAffinity", node)
    for kind in ("podAffinity", "podAntiAffinity"):
        if terms := found.get(kind):
            yield from _pod_affinity(f"{path}.{kind}", terms)


def _node_affinity(path: str, node: dict[str, Any]) -> Iterator[Problem]:
    required = node.get(_REQUIRED)
    if required is not None:
        yield from node_selector(f"{path}.{_REQUIRED}", required)
    for index, preferred in enumerate(node.get(_PREFERRED) or ()):
        where = f"{path}.{_PREFERRED}[{index}]"
        yield from _weight(where, preferred)
        yield from _node_term(f"{where}.preference", preferred.get("preference") or {})


def node_selector(path: str, selector: dict[str, Any]) -> Iterator[Problem]:
    """A core/v1 NodeSelector: of a pod, of a volume, of devices."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        yield problems.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(terms):
        yield from _node_term(f"{path}.nodeSelectorTerms[{index}]", term)


def _pod_affinity(path: str, terms: dict[str, Any]) -> Iterator[Problem]:
    for index, term in enumerate(terms.get(_REQUIRED) or ()):
        yield from _pod_term(f"{path}.{_REQUIRED}[{index}]", term)
    for index, preferred in enumerate(terms.get(_PREFERRED) or ()):
        where = f"{path}.{_PREFERRED}[{index}]"
        yield from _weight(where, preferred)
        yield from _pod_term(f"{where}.podAffinityTerm", preferred.get("podAffinityTerm") or {})


def _weight(path: str, preferred: dict[str, Any]) -> Iterator[Problem]:
    if not 1 <= (preferred.get("weight") or 0) <= 100:
        yield problems.invalid(f"{path}.weight", preferred.get("weight") or 0, "must be in the range 1-100")


def _node_term(path: str, term: dict[str, Any]) -> Iterator[Problem]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        yield from _node_expression(f"{path}.matchExpressions[{index}]", expression)
    for index, expression in enumerate(term.get("matchFields") or ()):
        yield from _node_field(f"{path}.matchFields[{index}]", expression)


def _node_expression(path: str, expression: dict[str, Any]) -> Iterator[Problem]:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator not in NODE_OPERATORS:
        yield problems.invalid(f"{path}.operator", operator, "not a valid selector operator")
    elif operator in ("In", "NotIn") and not values:
        yield problems.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist") and values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield problems.forbidden(f"{path}.values", detail)
    elif operator in ("Gt", "Lt") and len(values) != 1:
        yield problems.required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    yield from by_rule(f"{path}.key", expression.get("key") or "", names.label_key)
    for index, value in enumerate(values):
        yield from by_rule(f"{path}.values[{index}]", value, names.label_value)


def _node_field(path: str, expression: dict[str, Any]) -> Iterator[Problem]:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator not in ("In", "NotIn"):
        yield problems.invalid(f"{path}.operator", operator, "not a valid selector operator")
    elif len(values) != 1:
        yield problems.required(
            f"{path}.values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        )
    if expression.get("key") != "metadata.name":
        yield problems.invalid(f"{path}.key", expression.get("key") or "", "not a valid field selector key")
        return
    for index, value in enumerate(values):
        yield from by_rule(f"{path}.values[{index}]", value, names.dns_subdomain)


def _pod_term(path: str, term: dict[str, Any]) -> Iterator[Problem]:
    for field in ("labelSelector", "namespaceSelector"):
        if term.get(field):
            yield from validate_label_selector(f"{path}.{field}", term[field])
    for name in term.get("namespaces") or ():
        yield from by_rule(f"{path}.namespace", name, names.dns_label)
    yield from _label_keys(path, term)
    if not term.get("topologyKey"):
        yield problems.required(f"{path}.topologyKey", "can not be empty")
    yield from by_rule(f"{path}.topologyKey", term.get("topologyKey") or "", names.label_key)


def _label_keys(path: str, term: dict[str, Any]) -> Iterator[Problem]:
    """Source: KEP-3633. A key of matchLabelKeys is In the selector already, once a pod is admitted."""
    selector, match, mismatch = (
        term.get("labelSelector"),
        term.get("matchLabelKeys") or (),
        term.get("mismatchLabelKeys"),
    )
    for field, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch or ())):
        if keys and selector is None:
            yield problems.forbidden(f"{path}.{field}", "must not be specified when labelSelector is not set")
            continue
        for index, key in enumerate(keys):
            yield from by_rule(f"{path}.{field}[{index}]", key, names.label_key)
    seen = set((selector or {}).get("matchLabels") or ())
    for expression in (selector or {}).get("matchExpressions") or ():
        key = expression.get("key")
        if key in match and key in seen:
            at = len(match) - 1 - list(reversed(match)).index(key)
            yield problems.invalid(f"{path}[{at}]", key, "exists in both matchLabelKeys and labelSelector")
        seen.add(key)
    for index, key in enumerate(match):
        if key in (mismatch or ()):
            why = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield problems.invalid(f"{path}.matchLabelKeys[{index}]", key, why)


def spread(path: str, constraints: list[dict[str, Any]]) -> Iterator[Problem]:
    last = {(each.get("topologyKey"), each.get("whenUnsatisfiable")): index for index, each in enumerate(constraints)}
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        skew, key, action = (constraint.get(name) for name in ("maxSkew", "topologyKey", "whenUnsatisfiable"))
        if (skew or 0) <= 0:
            yield problems.invalid(f"{where}.maxSkew", skew or 0, "must be greater than zero")
        if not key:
            yield problems.required(f"{where}.topologyKey", "can not be empty")
        if action not in SPREAD_ACTIONS:
            yield problems.unsupported(f"{where}.whenUnsatisfiable", action or "", SPREAD_ACTIONS)
        if last[key, action] > index:
            path_of_pair = f"{where}.{{topologyKey, whenUnsatisfiable}}"
            yield problems.duplicate(path_of_pair, f"{{{key or ''}, {action or ''}}}")
        yield from _spread_details(where, constraint)


def _spread_details(path: str, constraint: dict[str, Any]) -> Iterator[Problem]:
    least = constraint.get("minDomains")
    if least is not None and least <= 0:
        yield problems.invalid(f"{path}.minDomains", least, "must be greater than zero")
    if least is not None and constraint.get("whenUnsatisfiable") != "DoNotSchedule":
        action = constraint.get("whenUnsatisfiable") or ""
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        yield problems.invalid(f"{path}.minDomains", least, detail)
    for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if constraint.get(field) is not None and constraint[field] not in INCLUSION_POLICIES:
            yield problems.unsupported(f"{path}.{field}", constraint[field], INCLUSION_POLICIES)
    yield from _label_keys(path, constraint)
    if constraint.get("labelSelector"):
        yield from validate_label_selector(f"{path}.labelSelector", constraint["labelSelector"])


def gates(path: str, found: list[dict[str, Any]]) -> Iterator[Problem]:
    """Scheduling gates. Source: KEP-3521."""
    taken = set()
    for index, gate in enumerate(found):
        name = gate.get("name") or ""
        yield from by_rule(f"{path}[{index}]", name, names.label_key)
        if name in taken:
            yield problems.duplicate(f"{path}[{index}]", name)
        taken.add(name)
