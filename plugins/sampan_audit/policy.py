"""An audit policy file (audit.k8s.io/v1 Policy): read, and checked as upstream checks it. Pure.

Source: upstream's pkg/apis/audit/v1 and pkg/apis/audit/validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import configfiles, names, problems

LEVELS = ("None", "Metadata", "Request", "RequestResponse")
NONE, METADATA, REQUEST, RESPONSE = range(4)
RECEIVED, STARTED, COMPLETE, PANIC = STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
_RULE_FIELDS = frozenset({
    "level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs", "omitStages",
    "omitManagedFields",
})  # fmt: skip
_POLICY_FIELDS = frozenset({"apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"})
_GROUP_FIELDS = frozenset({"group", "resources", "resourceNames"})
_BOTH = "rules cannot apply to both regular resources and non-resource URLs"


@dataclass(frozen=True)
class GroupResources:
    group: str
    resources: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """The first rule whose every field matches decides."""

    level: int
    users: tuple[str, ...]
    groups: tuple[str, ...]
    verbs: tuple[str, ...]
    resources: tuple[GroupResources, ...]
    namespaces: tuple[str, ...]
    paths: tuple[str, ...]
    omit_stages: frozenset[str]
    omit_managed_fields: bool


@dataclass(frozen=True)
class Policy:
    rules: tuple[Rule, ...]
    omit_stages: frozenset[str]


def read_policy(text: bytes, source: str) -> Policy:
    """The policy in a YAML document; raises ConfigError with everything that is wrong with it."""
    return policy_of(configfiles.read(text, source, check))


def policy_of(found: Mapping[str, Any]) -> Policy:
    """The policy of an object that ``check`` found nothing wrong with."""
    stages = frozenset(found.get("omitStages") or ())
    managed = bool(found.get("omitManagedFields"))
    rules = (_rule(each, stages, managed) for each in found.get("rules") or ())
    return Policy(tuple(rules), stages)


def _rule(rule: Mapping[str, Any], stages: frozenset[str], managed: bool) -> Rule:
    def texts(field: str) -> tuple[str, ...]:
        return tuple(rule.get(field) or ())

    own = rule.get("omitManagedFields")
    resources = (
        GroupResources(
            each.get("group") or "", tuple(each.get("resources") or ()), tuple(each.get("resourceNames") or ())
        )
        for each in rule.get("resources") or ()
    )
    return Rule(
        LEVELS.index(rule["level"]), texts("users"), texts("userGroups"), texts("verbs"), tuple(resources),
        texts("namespaces"), texts("nonResourceURLs"), stages | frozenset(texts("omitStages")),
        managed if own is None else bool(own),
    )  # fmt: skip


def check(found: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a policy."""
    if (found.get("apiVersion"), found.get("kind")) != ("audit.k8s.io/v1", "Policy"):
        shown = f"{found.get('apiVersion')}/{found.get('kind')}"
        yield problems.invalid("apiVersion", shown, "the file must be an audit.k8s.io/v1 Policy")
        return
    yield from _unknown("", found, _POLICY_FIELDS)
    rules = found.get("rules")
    if not isinstance(rules, list) or not rules:
        yield problems.required("rules", "a policy without rules logs nothing")
        return
    yield from _stages("omitStages", found.get("omitStages"))
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if isinstance(rule, dict):
            yield from _check_rule(path, rule)
        else:
            yield problems.invalid(path, rule, "must be an object")


def _check_rule(path: str, rule: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown(f"{path}.", rule, _RULE_FIELDS)
    level = rule.get("level")
    if not level:
        yield problems.required(f"{path}.level")
    elif level not in LEVELS:
        yield problems.unsupported_in_order(f"{path}.level", level, LEVELS)
    wrong = list(_lists(path, rule, ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "omitStages")))
    yield from wrong
    if wrong:
        return
    for index, url in enumerate(rule.get("nonResourceURLs") or ()):
        yield from _url(f"{path}.nonResourceURLs[{index}]", url)
    for each in rule.get("resources") or ():
        yield from _group(f"{path}.resources", each)
    yield from _stages(f"{path}.omitStages", rule.get("omitStages"))
    urls = rule.get("nonResourceURLs")
    if urls and (rule.get("resources") or rule.get("namespaces")):
        yield problems.invalid(f"{path}.nonResourceURLs", urls, _BOTH)


def _lists(path: str, found: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[Problem]:
    for field in fields:
        value = found.get(field)
        if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            yield problems.invalid(f"{path}.{field}", value, "must be a list of strings")


def _unknown(prefix: str, found: Mapping[str, Any], known: frozenset[str]) -> Iterator[Problem]:
    for name in found:
        if name not in known:
            yield problems.forbidden(f"{prefix}{name}", "unknown field")


def _url(path: str, url: str) -> Iterator[Problem]:
    if url == "*":
        return
    if not url.startswith("/"):
        yield problems.invalid(path, url, "non-resource URL rules must begin with a '/' character")
    if "*" in url[:-1]:
        yield problems.invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule")


def _group(path: str, found: Any) -> Iterator[Problem]:
    if not isinstance(found, dict):
        yield problems.invalid(path, found, "must be an object")
        return
    yield from _unknown(f"{path}.", found, _GROUP_FIELDS)
    wrong = list(_lists(path, found, ("resources", "resourceNames")))
    yield from wrong
    group = found.get("group") or ""
    complaints = names.dns_subdomain(group) if group and group != "*" else ()
    if complaints:
        yield problems.invalid(f"{path}.group", group, ",".join(complaints))
    if not wrong and found.get("resourceNames") and not found.get("resources"):
        detail = "using resourceNames requires at least one resource"
        yield problems.invalid(f"{path}.resourceNames", found["resourceNames"], detail)


def _stages(path: str, stages: Any) -> Iterator[Problem]:
    for index, stage in enumerate(stages or ()):
        if stage not in STAGES:
            yield problems.invalid(f"{path}[{index}]", stage, f"allowed stages are {','.join(STAGES)}")
