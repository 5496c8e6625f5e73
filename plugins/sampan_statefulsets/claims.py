"""The PersistentVolumeClaims of a StatefulSet's pods: their names, the missing ones, and who owns them by the retention
policy. Pure. Source: upstream's stateful_set_utils.go; KEP-1847.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Retry, Update
from sampan.errors import AlreadyExists, StatusError
from sampan_machinery.metadata import controller_ref, copy, get_path, is_deleting, owners
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PODS, STATEFUL_SETS

_SET = {"api_version": STATEFUL_SETS.api_version, "kind": STATEFUL_SETS.kind}
_POD = {"api_version": PODS.api_version, "kind": PODS.kind}
_CONFLICT = (
    "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a managing controller, the retention "
    "policy is ignored for this claim"
)


def claim_templates(owner: Object) -> dict[str, Object]:
    """By name."""
    found = owner["spec"].get("volumeClaimTemplates") or ()
    return {get_path(template, "metadata", "name", default=""): template for template in found}


def claim_name(owner: Object, template: str, ordinal: int) -> str:
    return f"{template}-{owner['metadata']['name']}-{ordinal}"


def claims_of(owner: Object, ordinal: int, observed: Observed) -> dict[str, Object | None]:
    """The claims of one pod by their names; None for one that does not exist."""
    found = (claim_name(owner, template, ordinal) for template in claim_templates(owner))
    return {name: observed.get(CLAIMS, name, owner["metadata"]["namespace"]) for name in found}


def missing(owner: Object, pod: Object, ordinal: int, observed: Observed) -> Iterator[Action]:
    """Create the claims that the pod lacks. Raises Retry while one of them is being deleted."""
    for name, template in claim_templates(owner).items():
        found = observed.get(CLAIMS, claim_name(owner, name, ordinal), owner["metadata"]["namespace"])
        if found is None:
            yield from _create(owner, pod, _new_claim(owner, template, claim_name(owner, name, ordinal)))
        elif is_deleting(found):
            raise Retry(f"pvc {found['metadata']['name']} is being deleted")


def _new_claim(owner: Object, template: Object, name: str) -> Object:
    given = template.get("metadata") or {}
    metadata = {key: copy(given[key]) for key in ("annotations", "finalizers") if given.get(key)}
    metadata["labels"] = {**(given.get("labels") or {}), **(get_path(owner, "spec", "selector", "matchLabels") or {})}
    return {
        "kind": CLAIMS.kind, "apiVersion": CLAIMS.api_version, "spec": copy(template.get("spec") or {}),
        "metadata": {**metadata, "name": name, "namespace": owner["metadata"]["namespace"]},
    }  # fmt: skip


def _create(owner: Object, pod: Object, claim: Object) -> Iterator[Action]:
    which = f"Claim {claim['metadata']['name']} {{}}Pod {pod['metadata']['name']} in StatefulSet"
    name = owner["metadata"]["name"]

    def refused(error: StatusError) -> list[Action]:
        if isinstance(error, AlreadyExists):
            return []
        text = f"Create {which.format('for ')} {name} failed error: {error}"
        return [Emit(owner, "Warning", "FailedCreate", text)]

    yield Create(CLAIMS, claim, on_failure=refused)
    yield Emit(owner, "Normal", "SuccessfulCreate", f"Create {which.format('')} {name} success")


def is_stale(owner: Object, pod: Object, ordinal: int, observed: Observed) -> bool:
    """Whether a claim still belongs to a former pod of this name and will be deleted with it: the new pod waits."""
    if _policy(owner)[1] == "Retain":
        return False
    reference = controller_ref({"metadata": {"uid": "", **pod["metadata"]}}, **_POD)
    return any(
        claim is not None and _has_stale(claim, reference) for claim in claims_of(owner, ordinal, observed).values()
    )


def retain(owner: Object, pod: Object, *, wanted: bool, ordinal: int, observed: Observed) -> Iterator[Action]:
    """Make the owner references of a pod's claims what the retention policy says. ``wanted``: the pod's ordinal is in
    the range of the StatefulSet."""
    for claim in claims_of(owner, ordinal, observed).values():
        if claim is None:
            continue
        if _has_other_controller(claim, owner, pod):
            yield Emit(owner, "Warning", "ConflictingController", _CONFLICT.format(claim["metadata"]["name"]))
        references = owner_references(claim, owner, pod, wanted=wanted)
        if references != owners(claim):
            metadata = {**claim["metadata"], "ownerReferences": references}
            yield Update(CLAIMS, {**claim, "metadata": metadata})


def owner_references(claim: Object, owner: Object, pod: Object, *, wanted: bool) -> list[Object]:
    """The owner references that the claim should have."""
    found = owners(claim)
    by_set, by_pod = controller_ref(owner, **_SET), controller_ref(pod, **_POD)
    if any(_has_stale(claim, each) for each in (by_set, by_pod)):
        return found  # made by a former StatefulSet or pod of that name; garbage collection decides about it
    others = [each for each in found if not _is_same(each, by_set) and not _is_same(each, by_pod)]
    if _has_other_controller(claim, owner, pod):
        return others
    when_deleted, when_scaled = _policy(owner)
    needed = []
    if when_deleted == "Delete" and (wanted or when_scaled == "Retain"):
        needed.append(by_set)
    if when_scaled == "Delete" and not wanted:
        needed.append(by_pod)
    ours = [each for each in found if each not in others]
    if [each["uid"] for each in ours] == [each["uid"] for each in needed] and all(e.get("controller") for e in ours):
        return found
    return others + needed


def _policy(owner: Object) -> tuple[str, str]:
    """(whenDeleted, whenScaled)."""
    policy = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenDeleted", "Retain"), policy.get("whenScaled", "Retain")


def _is_same(reference: Object, other: Object) -> bool:
    """Whether both name the same object, or a former one of its name."""
    return all(reference.get(key) == other[key] for key in ("apiVersion", "kind", "name"))


def _has_stale(claim: Object, reference: Object) -> bool:
    """Whether the claim refers to another object of that kind and name."""
    return any(_is_same(each, reference) and each.get("uid") != reference["uid"] for each in owners(claim))


def _has_other_controller(claim: Object, owner: Object, pod: Object) -> bool:
    """Only where the policy deletes something: else any controller may have the claim."""
    if _policy(owner) == ("Retain", "Retain"):
        return False
    uids = {owner["metadata"]["uid"], pod["metadata"].get("uid")}
    return any(each.get("controller") and each.get("uid") not in uids for each in owners(claim))


def no_keys(obj: Object, observed: Observed) -> Iterable[Key]:
    """For the watch: claims are only read; what changes about them changes nothing for their StatefulSet."""
    return ()
