"""Who writes a policy or binding must have the right to read its parameters: else policies would read for them.

Source: pkg/registry/admissionregistration/*/authz.go. ``system:masters`` is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Cluster
from sampan_machinery import problems
from sampan_machinery.resources import (
    MUTATING_ADMISSION_POLICIES,
    MUTATING_ADMISSION_POLICY_BINDINGS,
    VALIDATING_ADMISSION_POLICIES,
    VALIDATING_ADMISSION_POLICY_BINDINGS,
)

MASTERS = "system:masters"
_POLICIES = (VALIDATING_ADMISSION_POLICIES, MUTATING_ADMISSION_POLICIES)
_BINDINGS = (VALIDATING_ADMISSION_POLICY_BINDINGS, MUTATING_ADMISSION_POLICY_BINDINGS)
_BOUND = {binding.plural: policy for binding, policy in zip(_BINDINGS, _POLICIES, strict=True)}
_ANY = "*"


class ParameterAccess:
    """Refuses a paramKind and a paramRef that the writer may not read."""

    name = "AdmissionPolicyParameters"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset(each.group_resource for each in (*_POLICIES, *_BINDINGS))
    subresources = frozenset({""})
    mutates = False
    priority = 500

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def admit(self, review: Review) -> None:
        if review.object is None or MASTERS in review.user.groups:
            return
        new, old = review.object.get("spec") or {}, (review.old or {}).get("spec") or {}
        if review.kind.plural in _BOUND:
            path, why = "spec.paramRef", self._binding(review, new, old)
        else:
            path, why = "spec.paramKind", self._policy(review, new, old)
        if why:
            kind = review.kind
            raise problems.as_error([problems.forbidden(path, why)], group=kind.group, kind=kind.kind, name=review.name)

    def _policy(self, review: Review, new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
        kind = new.get("paramKind")
        if kind is None or kind == old.get("paramKind"):
            return ""
        group, version, resource, _ = _address(review, kind)
        asked = Attributes(review.user, "get", group, version, resource, "", _ANY, _ANY)
        if self._may(asked):
            return ""
        return (
            f'user {_shown(review.user)} must have "get" permission on all objects of the referenced paramKind '
            f"(kind={kind.get('kind') or ''}, apiVersion={kind.get('apiVersion') or ''})"
        )

    def _binding(self, review: Review, new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
        ref = new.get("paramRef")
        same = ref == old.get("paramRef") and new.get("policyName") == old.get("policyName")
        if ref is None or same:
            return ""
        name = str(new.get("policyName") or "")
        policy: Object | None = review.reader.get(_BOUND[review.kind.plural], name)
        kind = None if policy is None else (policy.get("spec") or {}).get("paramKind")
        group, version, resource, known = _address(review, kind)
        verb = "get" if ref.get("name") else "list"
        asked = Attributes(
            review.user, verb, group, version, resource, "", str(ref.get("namespace") or ""), str(ref.get("name") or "")
        )
        if self._may(asked):
            return ""
        rest = f'user {_shown(review.user)} does not have "{verb}" permission'
        everywhere = "for all groups, versions and resources"
        if policy is None:
            return f"unable to get policy {name} to determine minimum required permissions and {rest} {everywhere}"
        if kind is not None and not known:
            shown = f"&ParamKind{{APIVersion:{kind.get('apiVersion')},Kind:{kind.get('kind')},}}"
            words = f"unable to resolve paramKind {shown} to determine minimum required permissions"
            return f"{words} and {rest} {everywhere}"
        return f"{rest} on the object referenced by paramRef"

    def _may(self, asked: Attributes) -> bool:
        return self._cluster.decide(asked)[0] is Decision.ALLOW


def _address(review: Review, kind: Mapping[str, Any] | None) -> tuple[str, str, str, bool]:
    """Group, version and plural of a paramKind, and whether it is served; what is not known is all of them."""
    if kind is None:
        return _ANY, _ANY, _ANY, False
    api_version = str(kind.get("apiVersion") or "")
    group, _, version = api_version.rpartition("/")
    found = review.versions.named(api_version, str(kind.get("kind") or "")) if review.versions is not None else None
    return group, version, found.plural if found is not None else _ANY, found is not None


def _shown(user: User) -> str:
    """As Go prints it."""
    extra = " ".join(f"{key}:[{' '.join(values)}]" for key, values in sorted(user.extra.items()))
    return f"&{{{user.name} {user.uid} [{' '.join(user.groups)}] map[{extra}]}}"
