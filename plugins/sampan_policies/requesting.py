"""A request under review, as policies see it: which of them match, and the values that their expressions see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from sampan.contracts.access import Attributes, Decision
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound, StatusError
from sampan_admission import conditions
from sampan_admission.authorizing import Decide
from sampan_admission.criteria import Criteria
from sampan_admission.subjects import Subject
from sampan_machinery.resources import NAMESPACES
from sampan_policies import params
from sampan_policies.active import Binding, Bound, P
from sampan_policies.expressions import NAMESPACE_METADATA
from sampan_policies.params import Misconfigured


class Match(NamedTuple):
    """A policy that matches, with one binding and one parameter."""

    binding: Binding
    resource: Resource  # the version that the policy's rules name
    param: Object | None


class Trouble(NamedTuple):
    """Why a policy (or a binding of it) cannot be used."""

    binding: Binding | None
    message: str


class Requested:
    """One request. Questions to the authorizers are asked once each."""

    def __init__(self, review: Review, decide: Decide) -> None:
        assert review.versions is not None
        self.review, self.versions = review, review.versions
        self.subject = Subject.of(review)
        self._decide = decide
        self._decided: dict[tuple[str, ...], tuple[Decision, str]] = {}

    def matches(self, bound: Bound[P]) -> Iterator[Match | Trouble]:
        """The bindings of a policy that match, once for each parameter."""
        policy = bound.policy
        try:
            resource = self._resource(policy.criteria)
            if resource is None:
                return
            kind = None if policy.param_kind is None else params.resource_of(policy.param_kind, self.versions)
        except Misconfigured as error:
            yield Trouble(None, f"failed to configure policy: {error}")
            return
        for binding in bound.bindings:
            try:
                if binding.criteria is not None and self._resource(binding.criteria) is None:
                    continue
                found = params.collect(kind, binding.param_ref, self.namespace, self.review.reader)
            except (Misconfigured, StatusError) as error:
                yield Trouble(binding, f"failed to configure binding: {error}")
                continue
            for param in found:
                yield Match(binding, resource, param)

    @property
    def namespace(self) -> str:
        """Of the object; that of a Namespace is none."""
        return "" if self.subject.is_namespace else self.subject.namespace

    @cached_property
    def namespace_object(self) -> Object | None:
        """What expressions see of the namespace; raises NotFound."""
        if not self.namespace:
            return None
        found = self._namespace(self.namespace)
        shown = {name: value for name, value in found["metadata"].items() if name in NAMESPACE_METADATA}
        return {"metadata": shown, "spec": found.get("spec") or {}, "status": found.get("status") or {}}

    def values(self, match: Match, obj: Object | None) -> Mapping[str, Any]:
        """By the names of ``expressions.environment``. ``obj``: the object in the version of the match."""
        old = self.shown(self.review.old, match.resource)
        found = conditions.variables(self.subject, match.resource, obj, old, self._decide_once)
        return {**found, "params": match.param, "namespaceObject": self.namespace_object}

    def shown(self, obj: Object | None, resource: Resource) -> Object | None:
        """An object of the request in a version of its resource; options and scales have one version."""
        review = self.review
        if obj is None or obj.get("kind") != review.kind.kind or resource == review.kind.resource:
            return obj
        return self.versions.shown(obj, resource)

    def _resource(self, criteria: Criteria) -> Resource | None:
        resource = criteria.resource(self.subject)
        if resource is None:
            return None
        review = self.review
        try:
            selected = criteria.selects(self.subject, review.object, review.old, self._namespace_labels)
        except NotFound as error:
            raise Misconfigured(error.message) from None
        return resource if selected else None

    def _namespace_labels(self, name: str) -> Mapping[str, str]:
        labels: Mapping[str, str] = self._namespace(name)["metadata"].get("labels") or {}
        return labels

    def _namespace(self, name: str) -> Object:
        found = self.review.reader.get(NAMESPACES, name)
        if found is None:
            raise NotFound(f'namespaces "{name}" not found', kind="namespaces", name=name)
        return found

    def _decide_once(self, asked: Attributes) -> tuple[Decision, str]:
        key = (asked.user.name, *asked[1:])  # of one request: the caller, and service accounts
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = self._decide(asked)
        return found
