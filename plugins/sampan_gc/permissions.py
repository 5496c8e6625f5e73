"""The rule OwnerReferencesPermissionEnforcement, off until a setting turns it on: who sets owner references must have
the right to delete the object, and who lets one hold up the owner's deletion must have the right to change the owner's
finalizers. Source: upstream's admission controller of this name (wording)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sampan.contracts.access import Attributes, Decision
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Resource

#: What the whole chain of authorizers says, and why.
Decide = Callable[[Attributes], tuple[Decision, str]]
#: The resources of an apiVersion and kind.
FindResources = Callable[[str, str], Sequence[Resource]]


class OwnerReferencesPermissionEnforcement:
    name = "OwnerReferencesPermissionEnforcement"
    operations = frozenset({"CREATE", "UPDATE"})
    mutates = False
    blocking = True  # an authorizer may ask another server
    priority = 670

    def __init__(self, decide: Decide, find: FindResources) -> None:
        self._decide, self._find = decide, find

    def admit(self, review: Review) -> None:
        new, old = owners_of(review.object), owners_of(review.old)
        is_status = (review.kind.resource.group_resource, review.subresource) == ("pods", "status")
        if new == old or is_status:  # a status write keeps the references
            return
        if review.operation == "UPDATE":
            self._require(review, self._deletion(review), "cannot set an ownerRef on a resource you can't delete")
        blocking = list(newly_blocking(new, old))
        if not blocking or self._allows(self._finalizers(review, Resource("*", "*", "*", ""), "*", "")):
            return
        for owner in blocking:
            self._require_finalizers(review, owner)

    def _require_finalizers(self, review: Review, owner: Object) -> None:
        version, kind = owner.get("apiVersion") or "", owner.get("kind") or ""
        found = self._find(version, kind)
        if not found:
            raise review.forbidden(
                "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion "
                f'{version} Kind {kind}: no matches for kind "{kind}" in version "{version}"'
            )
        why = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"
        for resource in found:
            where = review.namespace if resource.namespaced else ""
            self._require(review, self._finalizers(review, resource, owner.get("name") or "", where), why)

    def _require(self, review: Review, asked: Attributes, why: str) -> None:
        decision, reason = self._decide(asked)
        if decision is not Decision.ALLOW:
            raise review.forbidden(f"{why}: {reason}, <nil>")

    def _allows(self, asked: Attributes) -> bool:
        return self._decide(asked)[0] is Decision.ALLOW

    def _deletion(self, review: Review) -> Attributes:
        resource = review.kind.resource
        return Attributes(
            review.user, "delete", resource.group, resource.version, resource.plural, review.subresource,
            review.namespace, review.name,
        )  # fmt: skip

    def _finalizers(self, review: Review, resource: Resource, name: str, namespace: str) -> Attributes:
        return Attributes(
            review.user, "update", resource.group, resource.version, resource.plural, "finalizers", namespace, name
        )


def owners_of(obj: Object | None) -> list[Object]:
    return ((obj or {}).get("metadata") or {}).get("ownerReferences") or []


def newly_blocking(new: Sequence[Object], old: Sequence[Object]) -> Iterator[Object]:
    """The references that hold up their owner's deletion and did not before."""
    before = {each.get("uid") for each in old if each.get("blockOwnerDeletion")}
    return (each for each in new if each.get("blockOwnerDeletion") and each.get("uid") not in before)
