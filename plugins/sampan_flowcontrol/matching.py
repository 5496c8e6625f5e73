"""Which FlowSchema a request falls under: the first that matches, by precedence and name. Pure.

Source: upstream's pkg/util/flowcontrol/rule.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sampan.contracts.access import User
from sampan.contracts.chain import ChainRequest
from sampan.contracts.kinds import Object

_ALL = "*"
_ACCOUNT = "system:serviceaccount:"


class Schema(NamedTuple):
    """A FlowSchema as it is asked."""

    name: str
    uid: str
    level: str
    distinguisher: str  # ByUser, ByNamespace, ""
    rules: Sequence[Object]


def in_order(objects: Iterable[Object]) -> list[Schema]:
    """All FlowSchemas, the first to be asked first."""
    found = sorted(objects, key=lambda obj: (obj["spec"].get("matchingPrecedence") or 0, obj["metadata"]["name"]))
    return [schema_of(each) for each in found]


def schema_of(obj: Object) -> Schema:
    spec = obj["spec"]
    return Schema(
        obj["metadata"]["name"],
        obj["metadata"].get("uid") or "",
        (spec.get("priorityLevelConfiguration") or {}).get("name") or "",
        (spec.get("distinguisherMethod") or {}).get("type") or "",
        spec.get("rules") or (),
    )


def find(schemas: Iterable[Schema], request: ChainRequest) -> Schema | None:
    return next((each for each in schemas if matches(each, request)), None)


def matches(schema: Schema, request: ChainRequest) -> bool:
    return any(_matches_rule(rule, request) for rule in schema.rules)


def distinguisher(schema: Schema, request: ChainRequest) -> str:
    """What tells the flows of a schema apart."""
    if schema.distinguisher == "ByUser":
        return request.user.name
    return request.namespace if schema.distinguisher == "ByNamespace" else ""


def _matches_rule(rule: Object, request: ChainRequest) -> bool:
    if not any(_is_subject(each, request.user) for each in rule.get("subjects") or ()):
        return False
    if request.resource:
        return any(_matches_resource(each, request) for each in rule.get("resourceRules") or ())
    return any(_matches_path(each, request) for each in rule.get("nonResourceRules") or ())


def _is_subject(subject: Object, user: User) -> bool:
    if found := subject.get("user"):
        return found.get("name") in (_ALL, user.name)
    if found := subject.get("group"):
        return found.get("name") == _ALL or found.get("name") in user.groups
    found = subject.get("serviceAccount")
    if not found or not user.name.startswith(_ACCOUNT):
        return False
    namespace, _, name = user.name.removeprefix(_ACCOUNT).partition(":")
    return namespace == found.get("namespace") and found.get("name") in (_ALL, name)


def _has(values: Sequence[str] | None, value: str) -> bool:
    return values is not None and (_ALL in values or value in values)


def _matches_resource(rule: Object, request: ChainRequest) -> bool:
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    if not (
        _has(rule.get("verbs"), request.verb)
        and _has(rule.get("resources"), resource)
        and _has(rule.get("apiGroups"), request.group)
    ):
        return False
    if not request.namespace:
        return bool(rule.get("clusterScope"))
    return _has(rule.get("namespaces"), request.namespace)


def _matches_path(rule: Object, request: ChainRequest) -> bool:
    if not _has(rule.get("verbs"), request.verb):
        return False
    for url in rule.get("nonResourceURLs") or ():
        prefix = url.removesuffix("*")
        prefix = prefix if prefix.endswith("/") else f"{prefix}/"
        if url in (_ALL, request.path) or request.path.startswith(prefix):
            return True
    return False
