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
from sampan_admission.subjects import SCALE, Subject
from sampan_machinery import metadata, scaling, schema
from sampan_machinery.apply import unowned
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
        """An object under review as expressions see it: in a version of its resource, and of the subresource scale as
        a Scale. That of another subresource with a kind of its own has one version."""
        if obj is None or not (self._is_scale or self._is_own):
            return obj
        if self._is_scale:
            return scaling.shown(self.review.kind, obj)
        return obj if resource == self.review.kind.resource else self.versions.shown(obj, resource)

    def kept(self, obj: Object, resource: Resource) -> Object:
        """A changed object as it is under review; raises BadRequest or Invalid."""
        if self._is_scale and self.review.object is not None:
            return scaling.written(self.review.kind, metadata.copy(self.review.object), obj)
        return self.versions.kept(obj, resource, self.review.kind) if self._is_own else obj

    def merged(self, obj: Object, config: Object, resource: Resource) -> Object:
        """An object as expressions see it with the fields of an apply configuration; raises BadRequest."""
        if self._is_own:
            return self.versions.merged(obj, config, resource)
        schemas, kind = schema.load(), self.subject.kind
        return unowned.merged(obj, config, schemas.node(*kind) if schemas.has(*kind) else None)

    @property
    def _is_scale(self) -> bool:
        return self.subject.kind == SCALE

    @property
    def _is_own(self) -> bool:
        """Whether the request carries an object of the resource's own kind, in whatever version."""
        kind, resource = self.subject.kind, self.subject.resource
        return self.review.operation != "CONNECT" and (kind.group, kind.kind) == (resource.group, resource.kind)

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
