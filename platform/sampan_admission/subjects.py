"""A request as the rules and expressions of webhooks and admission policies see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Object, Resource

SCALE = ("autoscaling", "v1", "Scale")


class ObjectKind(NamedTuple):
    """Group, version and kind of an object."""

    group: str
    version: str
    kind: str


@dataclass(frozen=True, slots=True)
class Subject:
    """One request. ``namespace`` of a request about a Namespace is that Namespace itself, as upstream."""

    operation: str
    resource: Resource  # in the version of the request
    subresource: str
    kind: ObjectKind  # of the object that the request carries
    namespace: str
    name: str
    user: User
    dry_run: bool
    options: Object  # CreateOptions, UpdateOptions, DeleteOptions; {} for CONNECT
    #: The same resource in all versions that are served, also of another group.
    equivalents: Sequence[Resource] = ()

    @classmethod
    def of(cls, review: Review) -> Subject:
        resource = review.requested or review.kind.resource
        itself = (resource.group, resource.plural) == ("", "namespaces")
        return cls(
            review.operation, resource, review.subresource, object_kind(review.kind, resource, review.subresource),
            review.name if itself else review.namespace, review.name, review.user, review.dry_run, review.options,
            equivalents_of(review),
        )  # fmt: skip

    @property
    def is_namespace(self) -> bool:
        return (self.resource.group, self.resource.plural) == ("", "namespaces")


def equivalents_of(review: Review) -> Sequence[Resource]:
    """The resource in all versions that are served."""
    return review.versions.resources(review.kind) if review.versions is not None else (review.kind.resource,)


def object_kind(kind: Kind, resource: Resource, subresource: str) -> ObjectKind:
    """The kind of the object that a request to the resource or its subresource carries."""
    if subresource == "scale" and kind.scale is not None:
        return ObjectKind(*SCALE)
    for sub in kind.subresources:
        if sub.name == subresource and sub.merge is None and (sub.connects or sub.admits):
            return ObjectKind(sub.group, sub.version, sub.kind)
    return ObjectKind(resource.group, resource.version, resource.kind)
