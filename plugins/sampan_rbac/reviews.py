"""The kinds that answer "may I?" and "may they?": nothing here is stored.

Source: API reference authorization.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.kinds import Kind, Object, Problem
from sampan.contracts.serving import Call, Reader
from sampan.errors import BadRequest
from sampan_machinery import problems
from sampan_rbac.index import Index
from sampan_rbac.rules import Rule
from sampan_rbac.selectors import read_selectors, validate_selectors

GROUP = "authorization.k8s.io"


def review_subject(call: Call) -> Object:
    """SubjectAccessReview: may that user?"""
    return _reviewed(call, "SubjectAccessReview", None)


def review_self(call: Call) -> Object:
    """SelfSubjectAccessReview: may I?"""
    return _reviewed(call, "SelfSubjectAccessReview", call.user)


def review_local(call: Call) -> Object:
    """LocalSubjectAccessReview: may that user, in this namespace?"""
    return _reviewed(call, "LocalSubjectAccessReview", None)


def _reviewed(call: Call, kind: str, user: User | None) -> Object:
    review = call.body()
    spec = review.get("spec") or {}
    if kind == "LocalSubjectAccessReview" and call.namespace:
        review.setdefault("metadata", {}).setdefault("namespace", call.namespace)
    _check(review, kind, named=user is None)
    selectors = read_selectors(spec.get("resourceAttributes") or {})
    decision, reason = call.cluster.decide(_attributes(spec, user or _user(spec), selectors.fields))
    status: Object = {"allowed": decision is Decision.ALLOW}
    if decision is Decision.DENY:
        status["denied"] = True
    if reason:
        status["reason"] = reason
    if selectors.error:
        status["evaluationError"] = selectors.error
    return {"kind": kind, "apiVersion": f"{GROUP}/v1", "metadata": _metadata(review), "spec": spec, "status": status}


def _check(review: Object, kind: str, *, named: bool) -> None:
    """Source: authorization/validation (order and wording)."""
    spec = review.get("spec") or {}
    found = []
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    where = "spec.nonResourceAttributes"
    if resource is not None and path is not None:
        found.append(problems.invalid(where, path, "cannot be specified in combination with resourceAttributes"))
    if resource is None and path is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        found.append(problems.invalid("spec.resourceAttributes", None, why))
    if named and not spec.get("user") and not spec.get("groups"):
        why = "at least one of user or group must be specified"
        found.append(problems.invalid("spec.user", spec.get("user", ""), why))
    found += validate_selectors(resource or {})
    local = kind == "LocalSubjectAccessReview"
    metadata = {key: value for key, value in _metadata(review).items() if value and not (local and key == "namespace")}
    if metadata and kind != "SelfSubjectAccessReview":
        why = "must be empty except for namespace" if local else "must be empty"
        found.append(problems.invalid("metadata", review["metadata"], why))
    if local:
        found += _local(review, resource, path)
    if found:
        raise problems.as_error(found, group=GROUP, kind="", name="")


def _local(review: Object, resource: Object | None, path: Object | None) -> list[Problem]:
    found = []
    namespace = (review.get("metadata") or {}).get("namespace") or ""
    if resource is not None and (resource.get("namespace") or "") != namespace:
        where, sent = "spec.resourceAttributes.namespace", resource.get("namespace") or ""
        found.append(problems.invalid(where, sent, "must match metadata.namespace"))
    if path is not None:
        found.append(problems.invalid("spec.nonResourceAttributes", path, "disallowed on this kind of request"))
    return found


def _user(spec: Object) -> User:
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)


def _attributes(spec: Object, user: User, fields: str) -> Attributes:
    if path := spec.get("nonResourceAttributes"):
        return Attributes(user, path.get("verb", ""), path=path.get("path", ""))
    asked = spec.get("resourceAttributes") or {}
    parts = ("verb", "group", "version", "resource", "subresource", "namespace", "name")
    return Attributes(user, *(asked.get(part, "") for part in parts))._replace(fields=fields)


#: Fields that a creator cannot set: dropped without a warning, as from every new object.
_SYSTEM = ("managedFields", "creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


def _metadata(review: Object) -> Object:
    return {key: value for key, value in (review.get("metadata") or {}).items() if key not in _SYSTEM}


def review_rules(index: Index, call: Call) -> Object:
    """SelfSubjectRulesReview: what may I in that namespace? Complete as far as roles go."""
    review = call.body()
    spec = review.get("spec") or {}
    if not spec.get("namespace"):
        raise BadRequest("no namespace on request")
    index.refresh()
    rules = [
        rule for found in index.granted(call.user.name, call.user.groups, spec["namespace"]) for rule in found.rules
    ]
    return {
        "kind": "SelfSubjectRulesReview",
        "apiVersion": f"{GROUP}/v1",
        "metadata": _metadata(review),
        "spec": spec,
        "status": {
            "resourceRules": [_resource_rule(rule) for rule in rules if not rule.paths],
            "nonResourceRules": [
                {"verbs": sorted(rule.verbs), "nonResourceURLs": list(rule.paths)} for rule in rules if rule.paths
            ],
            "incomplete": False,
        },
    }


def _resource_rule(rule: Rule) -> Object:
    found = {"verbs": sorted(rule.verbs), "apiGroups": sorted(rule.groups), "resources": sorted(rule.resources)}
    return {**found, "resourceNames": sorted(rule.names)} if rule.names else found


def review_kinds(reader: Reader) -> Sequence[Kind]:
    """The four kinds; ``reader`` is read when rules are asked for."""

    def kind(name: str, answer: Callable[[Call], Object], *, namespaced: bool = False) -> Kind:
        return Kind(
            group=GROUP, version="v1", kind=name, plural=f"{name.lower()}s", namespaced=namespaced, verbs=("create",),
            answer=answer,
        )  # fmt: skip

    return (
        kind("SubjectAccessReview", review_subject),
        kind("SelfSubjectAccessReview", review_self),
        kind("LocalSubjectAccessReview", review_local, namespaced=True),
        kind("SelfSubjectRulesReview", partial(review_rules, Index(reader))),
    )
