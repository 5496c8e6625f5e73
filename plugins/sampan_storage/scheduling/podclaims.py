"""The claims of a pod before any node is looked at: bound, to be bound on the node that is chosen, or a reason to wait.
Pure over VolumeObjects. Source: upstream's VolumeBinding, its wording too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import annotations_of, get_path, is_deleting
from sampan_podspec.claims import claim_uses, foreign_claim
from sampan_scheduling.contracts import Verdict
from sampan_storage.binding import BIND_COMPLETED
from sampan_storage.claims import class_of
from sampan_storage.scheduling.reservations import ClaimKey

_UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


class Known(Protocol):
    """What is needed of VolumeObjects."""

    def claim(self, key: ClaimKey) -> Object | None: ...

    def volume(self, name: str) -> Object | None: ...

    def storage_class(self, name: str) -> Object | None: ...


@dataclass
class PodClaims:
    bound: list[Object] = field(default_factory=list)
    delayed: list[Object] = field(default_factory=list)  # their class waits for the first consumer


def read(pod: Object, known: Known) -> PodClaims | Verdict:
    """The pod's claims; a Verdict where it has to wait, whatever the node."""
    found = PodClaims()
    immediate = False
    for use in claim_uses(pod):
        claim = known.claim(ClaimKey(pod["metadata"]["namespace"], use.claim))
        if claim is None:
            missing = f'persistentvolumeclaim "{use.claim}" not found'
            if use.ephemeral:
                missing = f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{use.claim}"'
            return Verdict(missing, True)
        if why := _unusable(pod, claim, ephemeral=use.ephemeral):
            return Verdict(why, True)
        if is_bound(claim):
            found.bound.append(claim)
            continue
        delayed = waits_for_consumer(claim, known)
        if isinstance(delayed, Verdict):
            return delayed
        if delayed and not get_path(claim, "spec", "volumeName", default=""):
            found.delayed.append(claim)
        else:
            immediate = True
    return Verdict(_UNBOUND, True) if immediate else found


def _unusable(pod: Object, claim: Object, *, ephemeral: bool) -> str:
    name = claim["metadata"]["name"]
    if get_path(claim, "status", "phase", default="") == "Lost":
        volume = get_path(claim, "spec", "volumeName", default="")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
    if is_deleting(claim):
        return f'persistentvolumeclaim "{name}" is being deleted'
    return foreign_claim(pod, claim) if ephemeral else ""


def is_bound(claim: Object) -> bool:
    """In both directions, as the claim says."""
    return bool(get_path(claim, "spec", "volumeName", default="")) and BIND_COMPLETED in annotations_of(claim)


def waits_for_consumer(claim: Object, known: Known) -> bool | Verdict:
    name = class_of(claim)
    if not name:
        return False
    found = known.storage_class(name)
    if found is None:
        return Verdict(f'storageclass.storage.k8s.io "{name}" not found', True)
    return found.get("volumeBindingMode") == "WaitForFirstConsumer"
