"""Which ResourceClaims a pod uses. Pure. Source: core/v1 PodResourceClaim; upstream's resourceclaim package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import is_controlled_by, is_deleting

#: On a claim that was made from a template: for which of the pod's claims.
MADE_FOR = "resource.kubernetes.io/pod-claim-name"
FINALIZER = "resource.kubernetes.io/delete-protection"
DONE = ("Succeeded", "Failed")


class ClaimUse(NamedTuple):
    """One of the pod's claims; ``claim`` None: it has not been made yet."""

    name: str
    claim: str | None
    made: bool  # from a template, for this pod


def uses_claims(pod: Object) -> bool:
    return bool(pod["spec"].get("resourceClaims"))


def claim_uses(pod: Object) -> Iterator[ClaimUse]:
    """Those that need no claim, as the pod's status says, are left out."""
    statuses = {each["name"]: each for each in (pod.get("status") or {}).get("resourceClaimStatuses") or ()}
    for each in pod["spec"].get("resourceClaims") or ():
        if (claim := each.get("resourceClaimName")) is not None:
            yield ClaimUse(each["name"], claim, False)
        elif each["name"] not in statuses:
            yield ClaimUse(each["name"], None, True)
        elif (claim := statuses[each["name"]].get("resourceClaimName")) is not None:
            yield ClaimUse(each["name"], claim, True)


def claims_of(pod: Object, lookup: Callable[[str], Object | None]) -> list[Object] | str:
    """The pod's claims; why it has to wait where one cannot be used, in upstream's words."""
    found = []
    metadata = pod["metadata"]
    for use in claim_uses(pod):
        if use.claim is None:
            return f'pod "{metadata["namespace"]}/{metadata["name"]}": ResourceClaim not created yet'
        claim = lookup(use.claim)
        if claim is None:
            return f'resourceclaim.resource.k8s.io "{use.claim}" not found'
        if is_deleting(claim):
            return f'resourceclaim "{use.claim}" is being deleted'
        if use.made and not is_controlled_by(claim, pod):
            return not_made_for(claim, pod)
        found.append(claim)
    return found


def not_made_for(claim: Object, pod: Object) -> str:
    names = [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in (claim, pod)]
    return f"ResourceClaim {names[0]} was not created for Pod {names[1]} (Pod is not owner)"


def reservations(claim: Object) -> list[Object]:
    return list((claim.get("status") or {}).get("reservedFor") or ())


def is_reserved_for(claim: Object, pod: Object) -> bool:
    return any(each.get("uid") == pod["metadata"]["uid"] for each in reservations(claim))


def reservation(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {"resource": "pods", "name": metadata["name"], "uid": metadata["uid"]}


def allocation_of(claim: Object) -> Object | None:
    found: Object | None = (claim.get("status") or {}).get("allocation")
    return found


def is_done(pod: Object) -> bool:
    """It will not run again. Source: upstream's podutil: terminal, or deleted before it got a node."""
    ended = (pod.get("status") or {}).get("phase") in DONE
    return ended or (is_deleting(pod) and not pod["spec"].get("nodeName"))
