"""The variable ``authorizer``: an expression asks whether the caller, or a service account, may do something.

Source: k8s.io/apiserver/pkg/cel/library/authz.go (names, types, costs); KEP-3488.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sampan.contracts.access import Attributes, Decision, User
from sampan.errors import BadRequest, SampanError
from sampan_cel import CelError
from sampan_cel.declarations import Library, member
from sampan_cel.types import BOOL, STRING, Type
from sampan_machinery import names, selectors

#: As ``Cluster.decide``: what the chain of authorizers says.
Decide = Callable[[Attributes], tuple[Decision, str]]

AUTHORIZER = Type("kubernetes.authorization.Authorizer")
PATH_CHECK = Type("kubernetes.authorization.PathCheck")
GROUP_CHECK = Type("kubernetes.authorization.GroupCheck")
RESOURCE_CHECK = Type("kubernetes.authorization.ResourceCheck")
DECISION = Type("kubernetes.authorization.Decision")
CHECK_COST = 350_000  # of one question to the authorizers, in units of CEL


@dataclass(frozen=True)
class Authorizer:
    """Whose rights are asked for."""

    cel_type: ClassVar[Type] = AUTHORIZER
    user: User
    decide: Decide

    def path(self, path: str) -> PathCheck:
        if not path.strip():
            raise CelError("path must not be empty")
        return PathCheck(self, path)

    def group(self, group: str) -> GroupCheck:
        return GroupCheck(self, group)

    def service_account(self, namespace: str, name: str) -> Authorizer:
        if any(names.dns_subdomain(name)):
            raise CelError("Invalid service account name")
        if any(names.dns_label(namespace)):
            raise CelError("Invalid service account namespace")
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
        return replace(self, user=User(f"system:serviceaccount:{namespace}:{name}", groups))


@dataclass(frozen=True)
class PathCheck:
    """Rights to a path that is no resource."""

    cel_type: ClassVar[Type] = PATH_CHECK
    authorizer: Authorizer
    path: str

    def check(self, verb: str) -> Verdict:
        return _asked(self.authorizer, Attributes(self.authorizer.user, verb, path=self.path))


@dataclass(frozen=True)
class GroupCheck:
    """Rights within an API group."""

    cel_type: ClassVar[Type] = GROUP_CHECK
    authorizer: Authorizer
    group: str

    def resource(self, plural: str) -> ResourceCheck:
        if not plural.strip():
            raise CelError("resource must not be empty")
        return ResourceCheck(self.authorizer, self.group, plural)


@dataclass(frozen=True)
class ResourceCheck:
    """Rights to a resource, narrowed by what was called on it."""

    cel_type: ClassVar[Type] = RESOURCE_CHECK
    authorizer: Authorizer
    group: str
    plural: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    fields: str = ""
    labels: str = ""

    def check(self, verb: str) -> Verdict:
        asked = Attributes(
            self.authorizer.user, verb, self.group, "*", self.plural, self.subresource, self.namespace, self.name,
            fields=_readable(self.fields, selectors.parse_fields),
        )  # fmt: skip
        return _asked(self.authorizer, asked)


@dataclass(frozen=True)
class Verdict:
    """The answer to one question."""

    cel_type: ClassVar[Type] = DECISION
    is_allowed: bool
    reason: str
    error: str = ""


def _asked(authorizer: Authorizer, attributes: Attributes) -> Verdict:
    try:
        decision, reason = authorizer.decide(attributes)
    except SampanError as error:
        return Verdict(False, "", str(error))
    return Verdict(decision is Decision.ALLOW, reason)


def _readable(text: str, read: Callable[[str], Any]) -> str:
    """A selector that cannot be read narrows nothing, as upstream."""
    try:
        read(text)
    except BadRequest:
        return ""
    return text


def _narrowed(attribute: str) -> Callable[[ResourceCheck, str], ResourceCheck]:
    def narrow(check: ResourceCheck, value: str) -> ResourceCheck:
        change: dict[str, Any] = {attribute: value}
        return replace(check, **change)

    return narrow


def _on_resource(attribute: str) -> list[Any]:
    return [member((RESOURCE_CHECK, STRING), RESOURCE_CHECK, _narrowed(attribute))]


def _selector(attribute: str) -> list[Any]:
    return [member((RESOURCE_CHECK, STRING), RESOURCE_CHECK, _narrowed(attribute), _selector_cost)]


def _selector_cost(check: ResourceCheck, text: str) -> int:
    """Of reading a selector, and of its requirements: at most one for every two characters."""
    return 10 + math.ceil(len(text) * 0.1) + math.ceil(len(text) * 0.5) * 50


AUTHORIZATION = Library("authz", {
    "path": [member((AUTHORIZER, STRING), PATH_CHECK, Authorizer.path)],
    "group": [member((AUTHORIZER, STRING), GROUP_CHECK, Authorizer.group)],
    "serviceAccount": [member((AUTHORIZER, STRING, STRING), AUTHORIZER, Authorizer.service_account)],
    "resource": [member((GROUP_CHECK, STRING), RESOURCE_CHECK, GroupCheck.resource)],
    "subresource": _on_resource("subresource"), "namespace": _on_resource("namespace"), "name": _on_resource("name"),
    "fieldSelector": _selector("fields"), "labelSelector": _selector("labels"),
    "check": [
        member((PATH_CHECK, STRING), DECISION, PathCheck.check, CHECK_COST),
        member((RESOURCE_CHECK, STRING), DECISION, ResourceCheck.check, CHECK_COST),
    ],
    "allowed": [member((DECISION,), BOOL, lambda verdict: verdict.is_allowed)],
    "reason": [member((DECISION,), STRING, lambda verdict: verdict.reason)],
    "errored": [member((DECISION,), BOOL, lambda verdict: bool(verdict.error))],
    "error": [member((DECISION,), STRING, lambda verdict: verdict.error)],
}, {each.name: each for each in (AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION)})  # fmt: skip
