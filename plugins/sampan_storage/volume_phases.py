"""What becomes of a volume: available, bound, released or failed. Source: upstream's syncVolume and reclaimVolume.

There is no recycler, and no deleter but the external ones: a volume that needs either says that it has failed, as
upstream does where it has no plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed
from sampan.errors import NotFound
from sampan_client import Client
from sampan_machinery.metadata import annotations_of, get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_storage import matching
from sampan_storage.binding import unbind, volume_phase

PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
MIGRATED_TO = "pv.kubernetes.io/migrated-to"
_OVER = ("Released", "Failed")
_NO_RECYCLER = "No recycler plugin found for the volume!"


def reconcile(key: Key, client: Client, observed: Observed) -> list[Action]:
    """As decided; before a volume is released the API is asked for its claim. An external provisioner writes the volume
    soon after the claim, so that the informer of volumes may be ahead, and its deleter removes what is released."""
    volume = observed.get(VOLUMES, key.name)
    if volume is None:
        return []
    claim = claim_of(volume, observed)
    if claim is None and get_path(volume, "status", "phase", default="") not in _OVER:
        claim = _asked(volume, client)
    return list(decide(volume, claim))


def claim_of(volume: Object, observed: Observed) -> Object | None:
    """The claim that the volume is bound to, not another one of its name."""
    reference = matching.reference_of(volume)
    if reference is None:
        return None
    return _same_claim(observed.get(CLAIMS, reference.get("name") or "", reference.get("namespace") or ""), reference)


def _asked(volume: Object, client: Client) -> Object | None:
    reference = matching.reference_of(volume)
    if reference is None or not reference.get("uid"):
        return None
    try:
        found = client.get(CLAIMS, reference.get("name") or "", reference.get("namespace") or "")
    except NotFound:
        return None
    return _same_claim(found, reference)


def _same_claim(claim: Object | None, reference: Object) -> Object | None:
    return claim if claim is not None and claim["metadata"]["uid"] == reference.get("uid") else None


def decide(volume: Object, claim: Object | None) -> Iterator[Action]:
    """``claim`` is the one that the volume is bound to, where it exists. Pure."""
    reference = matching.reference_of(volume)
    if reference is None or not reference.get("uid"):
        yield from volume_phase(volume, "Available")
        return
    named = None if claim is None else get_path(claim, "spec", "volumeName", default="")
    if claim is None:
        yield from _release(volume)
    elif named == volume["metadata"]["name"]:
        yield from volume_phase(volume, "Bound")
    elif named:
        yield from _elsewhere(volume)
    elif matching.other_mode(volume, claim):
        yield from _mismatched(volume, claim)


def _elsewhere(volume: Object) -> Iterator[Action]:
    """The claim got another volume: one that was made for it is not needed, any other is free again."""
    policy = get_path(volume, "spec", "persistentVolumeReclaimPolicy", default="")
    if PROVISIONED_BY in annotations_of(volume) and policy == "Delete":
        yield from _release(volume)
    else:
        yield from unbind(volume)


def _mismatched(volume: Object, claim: Object) -> Iterator[Action]:
    why = "due to incompatible volumeMode."
    name, wanted = volume["metadata"]["name"], claim["metadata"]["name"]
    text = f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{wanted}" {why}'
    yield Emit(volume, "Warning", "VolumeMismatch", text)
    text = f'Cannot bind PersistentVolume "{name}" to requested PersistentVolumeClaim {why}'
    yield Emit(claim, "Warning", "VolumeMismatch", text)


def _release(volume: Object) -> Iterator[Action]:
    phase = get_path(volume, "status", "phase", default="")
    if phase not in _OVER:
        yield from volume_phase(volume, "Released")
    if phase == "Failed" or annotations_of(volume).get(MIGRATED_TO):
        return
    policy = get_path(volume, "spec", "persistentVolumeReclaimPolicy", default="")
    if policy == "Recycle":
        yield from _fail(volume, "VolumeFailedRecycle", _NO_RECYCLER)
    elif policy == "Delete" and (why := _without_deleter(volume)):
        yield from _fail(volume, "VolumeFailedDelete", why)


def _without_deleter(volume: Object) -> str:
    """Why nothing deletes it; "" where that is left to a program outside."""
    provisioner = annotations_of(volume).get(PROVISIONED_BY) or ""
    if provisioner.startswith("kubernetes.io/"):
        return f"no volume plugin matched name: {provisioner}"
    if provisioner or get_path(volume, "spec", "csi", default=None) is not None:
        return ""
    name = volume["metadata"]["name"]
    return f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'


def _fail(volume: Object, reason: str, message: str) -> Iterator[Action]:
    yield from volume_phase(volume, "Failed", message)
    yield Emit(volume, "Warning", reason, message)


def keys_of_claim(claim: Object, observed: Observed) -> Iterable[Key]:
    """The volume that the claim names, and those that name the claim."""
    meta = claim["metadata"]
    names = {
        volume["metadata"]["name"]
        for volume in observed.list(VOLUMES)
        if _names(matching.reference_of(volume), meta["namespace"], meta["name"])
    }
    if name := get_path(claim, "spec", "volumeName", default=""):
        names.add(name)
    return [Key("", name) for name in sorted(names)]


def _names(reference: Object | None, namespace: str, name: str) -> bool:
    return reference is not None and (reference.get("namespace"), reference.get("name")) == (namespace, name)
