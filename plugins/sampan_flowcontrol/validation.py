"""What a FlowSchema and a PriorityLevelConfiguration may hold. Source: upstream's pkg/apis/flowcontrol/validation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_flowcontrol.bootstrap import CATCH_ALL, EXEMPT, mandatory_level, mandatory_schema
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule

HIGHEST_PRECEDENCE = 10_000
MOST_QUEUES = 10_000_000
_HASH_BITS = 60
VERBS = frozenset({"get", "list", "create", "update", "delete", "deletecollection", "patch", "watch", "proxy"})
DISTINGUISHERS = ("ByNamespace", "ByUser")
_SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
_ALL = "*"
_ROUNDTRIP = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"


def validate_schema(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    name = new["metadata"].get("name") or ""
    yield from _schema_spec(name, spec)
    fixed = mandatory_schema(name)
    if fixed is not None and not _same(spec, fixed):
        yield problems.invalid("spec", spec, f"spec of '{name}' must equal the fixed value")
    yield from _conditions(new)


def validate_level(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    name = new["metadata"].get("name") or ""
    if _ROUNDTRIP in (new["metadata"].get("annotations") or {}):
        yield problems.forbidden("metadata.annotations", f"annotation '{_ROUNDTRIP}' is forbidden")
    yield from _level_spec(name, spec)
    fixed = mandatory_level(name)
    if name == EXEMPT and fixed is not None:
        if not _same({**spec, "exempt": None}, {**fixed, "exempt": None}):
            detail = f"spec of '{name}' except the 'spec.exempt' field must equal the fixed value"
            yield problems.invalid("spec", spec, detail)
    elif name == CATCH_ALL and fixed is not None and not _same(spec, fixed):
        yield problems.invalid("spec", spec, f"spec of '{name}' must equal the fixed value")
    yield from _conditions(new)


def _same(one: Any, other: Any) -> bool:
    """Whether two values say the same: what is absent, null, empty or false is one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_same(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other or not (one or other)


def _schema_spec(name: str, spec: Object) -> Iterator[Problem]:
    precedence = spec.get("matchingPrecedence") or 0
    path = "spec.matchingPrecedence"
    if precedence <= 0:
        yield problems.invalid(path, precedence, "must be a positive value")
    if precedence > HIGHEST_PRECEDENCE:
        yield problems.invalid(path, precedence, f"must not be greater than {HIGHEST_PRECEDENCE}")
    if precedence == 1 and name != EXEMPT:
        yield problems.invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in DISTINGUISHERS:
        yield problems.unsupported("spec.distinguisherMethod.type", method, DISTINGUISHERS)
    level = (spec.get("priorityLevelConfiguration") or {}).get("name") or ""
    path = "spec.priorityLevelConfiguration.name"
    if level:
        yield from by_rule(path, level, names.dns_subdomain)
    else:
        yield problems.required(path, "must reference a priority level")
    for index, rule in enumerate(spec.get("rules") or ()):
        yield from _rule(f"spec.rules[{index}]", rule)


def _rule(path: str, rule: Object) -> Iterator[Problem]:
    subjects = rule.get("subjects") or []
    for index, subject in enumerate(subjects):
        yield from _subject(f"{path}.subjects[{index}]", subject)
    if not subjects:
        yield problems.required(f"{path}.subjects", "subjects must contain at least one value")
    resources, paths = rule.get("resourceRules") or [], rule.get("nonResourceRules") or []
    if not resources and not paths:
        yield problems.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for index, each in enumerate(resources):
        yield from _resource_rule(f"{path}.resourceRules[{index}]", each)
    for index, each in enumerate(paths):
        yield from _path_rule(f"{path}.nonResourceRules[{index}]", each)


def _subject(path: str, subject: Object) -> Iterator[Problem]:
    kind = subject.get("kind") or ""
    if kind not in _SUBJECTS:
        yield problems.unsupported(f"{path}.kind", kind, _SUBJECTS)
        return
    own = _SUBJECTS[kind]
    found = subject.get(own)
    if found is None:
        yield problems.required(f"{path}.{own}", f"{own} is required when subject kind is '{kind}'")
    elif kind == "ServiceAccount":
        yield from _account(f"{path}.{own}", found)
    elif not found.get("name"):
        yield problems.required(f"{path}.{own}.name")
    for other_kind, other in _SUBJECTS.items():
        if other != own and subject.get(other) is not None:
            yield problems.forbidden(f"{path}.{other}", f"{other} is forbidden when subject kind is not '{other_kind}'")


def _account(path: str, found: Object) -> Iterator[Problem]:
    name, namespace = found.get("name") or "", found.get("namespace") or ""
    if not name:
        yield problems.required(f"{path}.name")
    elif name != _ALL:
        yield from by_rule(f"{path}.name", name, names.dns_subdomain)
    if namespace:
        yield from by_rule(f"{path}.namespace", namespace, names.dns_label)
    else:
        yield problems.required(f"{path}.namespace", "must specify namespace for service account")


def _verbs(path: str, verbs: Sequence[str]) -> Iterator[Problem]:
    if not verbs:
        yield problems.required(path, "verbs must contain at least one value")
    elif _ALL in verbs:
        yield from _alone(path, verbs, "verbs")
    elif not VERBS.issuperset(verbs):
        yield problems.unsupported(path, verbs, VERBS)


def _alone(path: str, values: Sequence[str], what: str) -> Iterator[Problem]:
    if _ALL in values and len(values) > 1:
        yield problems.invalid(path, values, f"if '*' is present, must not specify other {what}")


def _path_rule(path: str, rule: Object) -> Iterator[Problem]:
    yield from _verbs(f"{path}.verbs", rule.get("verbs") or [])
    urls = rule.get("nonResourceURLs") or []
    path = f"{path}.nonResourceURLs"
    if not urls:
        yield problems.required(path, "nonResourceURLs must contain at least one value")
    elif _ALL in urls:
        yield from _alone(path, urls, "non-resource URLs")
    else:
        for index, url in enumerate(urls):
            if why := _wrong_url(url):
                yield problems.invalid(f"{path}[{index}]", url, why)


def _wrong_url(url: str) -> str:
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    return "wildcard can only do suffix matching" if url.count("*") > 1 or ("*" in url and url[-2:] != "/*") else ""


def _resource_rule(path: str, rule: Object) -> Iterator[Problem]:
    yield from _verbs(f"{path}.verbs", rule.get("verbs") or [])
    for field, what, missing in (
        ("apiGroups", "api groups", "resource rules must supply at least one api group"),
        ("resources", "resources", "resource rules must supply at least one resource"),
    ):
        values = rule.get(field) or []
        if not values:
            yield problems.required(f"{path}.{field}", missing)
        yield from _alone(f"{path}.{field}", values, what)
    namespaces, path = rule.get("namespaces") or [], f"{path}.namespaces"
    if not namespaces and not rule.get("clusterScope"):
        detail = "resource rules that are not cluster scoped must supply at least one namespace"
        yield problems.required(path, detail)
    elif _ALL in namespaces:
        yield from _alone(path, namespaces, "namespaces")
    else:
        for index, namespace in enumerate(namespaces):
            for complaint in names.dns_label(namespace):
                detail = f"each member of this list must be '*' or a DNS-1123 label; {complaint}"
                yield problems.invalid(f"{path}[{index}]", namespace, detail)


def _level_spec(name: str, spec: Object) -> Iterator[Problem]:
    kind = spec.get("type") or ""
    if (name == EXEMPT) != (kind == "Exempt"):
        yield problems.invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'")
    limited, exempt = spec.get("limited"), spec.get("exempt")
    if kind == "Exempt":
        if limited is not None:
            yield problems.forbidden("spec.limited", "must be nil if the type is not Limited")
        if exempt is not None:
            yield from _shares("spec.exempt", exempt)
    elif kind == "Limited":
        if exempt is not None:
            yield problems.forbidden("spec.exempt", "must be nil if the type is Limited")
        if limited is None:
            yield problems.required("spec.limited", "must not be empty when type is Limited")
        else:
            yield from _limited("spec.limited", limited)
    else:
        yield problems.unsupported("spec.type", kind, ("Exempt", "Limited"))


def _shares(path: str, found: Object) -> Iterator[Problem]:
    shares, lendable = found.get("nominalConcurrencyShares"), found.get("lendablePercent")
    if shares is not None and shares < 0:
        yield problems.invalid(f"{path}.nominalConcurrencyShares", shares, "must be a non-negative integer")
    if lendable is not None and not 0 <= lendable <= 100:
        yield problems.invalid(f"{path}.lendablePercent", lendable, "must be between 0 and 100, inclusive")


def _limited(path: str, found: Object) -> Iterator[Problem]:
    shares = {key: value for key, value in found.items() if key != "lendablePercent"}
    yield from _shares(path, shares)
    yield from _limit_response(f"{path}.limitResponse", found.get("limitResponse") or {})
    yield from _shares(path, {"lendablePercent": found.get("lendablePercent")})
    borrowing = found.get("borrowingLimitPercent")
    if borrowing is not None and borrowing < 0:
        detail = "if specified, must be a non-negative integer"
        yield problems.invalid(f"{path}.borrowingLimitPercent", borrowing, detail)


def _limit_response(path: str, found: Object) -> Iterator[Problem]:
    kind, queuing = found.get("type") or "", found.get("queuing")
    if kind == "Reject":
        if queuing is not None:
            detail = "must be nil if limited.limitResponse.type is not Limited"
            yield problems.forbidden(f"{path}.queuing", detail)
    elif kind == "Queue":
        if queuing is None:
            detail = "must not be empty if limited.limitResponse.type is Limited"
            yield problems.required(f"{path}.queuing", detail)
        else:
            yield from _queuing(f"{path}.queuing", queuing)
    else:
        yield problems.unsupported(f"{path}.type", kind, ("Queue", "Reject"))


def _queuing(path: str, found: Object) -> Iterator[Problem]:
    queues, hand, length = (found.get(key) or 0 for key in ("queues", "handSize", "queueLengthLimit"))
    if length <= 0:
        yield problems.invalid(f"{path}.queueLengthLimit", length, "must be positive")
    if queues <= 0:
        yield problems.invalid(f"{path}.queues", queues, "must be positive")
    elif queues > MOST_QUEUES:
        yield problems.invalid(f"{path}.queues", queues, f"must not be greater than {MOST_QUEUES}")
    path = f"{path}.handSize"
    if hand <= 0:
        yield problems.invalid(path, hand, "must be positive")
    elif hand > queues:
        yield problems.invalid(path, hand, f"should not be greater than queues ({queues})")
    elif math.ceil(math.log2(queues) * hand) > _HASH_BITS:
        detail = (
            f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_HASH_BITS}"
        )
        yield problems.invalid(path, hand, detail)


def _conditions(obj: Object) -> Iterator[Problem]:
    seen: set[str] = set()
    found: Iterable[Object] = (obj.get("status") or {}).get("conditions") or ()
    for index, each in enumerate(found):
        kind = each.get("type") or ""
        path = f"status.conditions[{index}].type"
        if kind in seen:
            yield problems.duplicate(path, kind)
        seen.add(kind)
        if not kind:
            yield problems.required(path)
