"""What becomes of a claim: bound, waiting, or lost. Pure. Source: upstream's syncUnboundClaim and syncBoundClaim.

Upstream tells of a claim that waits every 15 seconds; here the event comes when something changed, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed, Update
from sampan_machinery.metadata import annotations_of, copy, get_path, is_deleting
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS, STORAGE_CLASSES
from sampan_storage import matching
from sampan_storage.binding import BIND_COMPLETED, bind, claim_phase
from sampan_storage.claims import class_of, class_or_none
from sampan_storage.classes import newest_default
from sampan_storage.protection import claims_of

SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
OLD_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
_NONE = "no persistent volumes available for this claim and no storage class is set"
_LOST = "Bound claim has lost {} PersistentVolume. Data on the volume is lost!"
_TWO = "Two claims are bound to the same volume, this one is bound incorrectly"
_EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)


def decide(key: Key, observed: Observed) -> list[Action]:
    claim = observed.get(CLAIMS, key.name, key.namespace)
    if claim is None:
        return []
    if BIND_COMPLETED in annotations_of(claim):
        return list(_bound(claim, observed))
    if is_deleting(claim):
        return []
    if get_path(claim, "spec", "volumeName", default=""):
        return list(_named(claim, observed))
    return list(_unbound(claim, observed))


def _bound(claim: Object, observed: Observed) -> Iterator[Action]:
    """It was bound before: whatever is missing since is written again, or it is lost."""
    name = get_path(claim, "spec", "volumeName", default="")
    volume = observed.get(VOLUMES, name) if name else None
    reference = {} if volume is None else matching.reference_of(volume) or {}
    if volume is None:
        yield from _lose(claim, "ClaimLost", _LOST.format("its" if name else "reference to"))
    elif reference and reference.get("uid") != claim["metadata"]["uid"]:
        yield from _lose(claim, "ClaimMisbound", _TWO)
    else:
        yield from bind(volume, claim)


def _lose(claim: Object, reason: str, message: str) -> Iterator[Action]:
    if get_path(claim, "status", "phase", default="") != "Lost":
        yield from claim_phase(claim, "Lost")
        yield Emit(claim, "Warning", reason, message)


def _named(claim: Object, observed: Observed) -> Iterator[Action]:
    """A user has chosen the volume."""
    volume = observed.get(VOLUMES, claim["spec"]["volumeName"])
    if volume is not None and matching.reference_of(volume) is None:
        if not (why := matching.mismatch(volume, claim)):
            yield from bind(volume, claim)
            return
        text = f'Cannot bind to requested volume "{volume["metadata"]["name"]}": {why}'
        yield Emit(claim, "Warning", "VolumeMismatch", text)
    elif volume is not None and matching.is_reserved(volume, claim):
        yield from bind(volume, claim)
        return
    elif volume is not None:
        text = f'volume "{volume["metadata"]["name"]}" already bound to a different claim.'
        yield Emit(claim, "Warning", "FailedBinding", text)
    yield from claim_phase(claim, "Pending")


def _unbound(claim: Object, observed: Observed) -> Iterator[Action]:
    name = class_of(claim)
    found = observed.get(STORAGE_CLASSES, name) if name else None
    delayed = (found or {}).get("volumeBindingMode") == "WaitForFirstConsumer"
    volume = matching.best(claim, observed.list(VOLUMES), delayed=delayed)
    if volume is not None:
        yield from bind(volume, claim)
        return
    if class_or_none(claim) is None and (default := newest_default(observed.list(STORAGE_CLASSES))) is not None:
        changed = copy(claim)
        changed["spec"]["storageClassName"] = default["metadata"]["name"]
        yield Update(CLAIMS, changed)
    elif delayed and SELECTED_NODE not in annotations_of(claim):
        yield _waiting(claim, observed)
        yield from claim_phase(claim, "Pending")
    elif name:
        yield from _provision(claim, name, found)
    else:
        yield Emit(claim, "Normal", "FailedBinding", _NONE)
        yield from claim_phase(claim, "Pending")


def _waiting(claim: Object, observed: Observed) -> Emit:
    """For a pod, or for the pods that use it to get a node."""
    meta = claim["metadata"]
    pods = sorted(
        pod["metadata"]["name"]
        for pod in observed.list(PODS, meta["namespace"])
        if not pod["spec"].get("nodeName") and not _is_over(pod) and meta["name"] in claims_of(pod)
    )
    if not pods:
        message = "waiting for first consumer to be created before binding"
        return Emit(claim, "Normal", "WaitForFirstConsumer", message)
    those = f"pods {','.join(pods)}" if len(pods) > 1 else f"pod {pods[0]}"
    return Emit(claim, "Normal", "WaitForPodScheduled", f"waiting for {those} to be scheduled")


def _is_over(pod: Object) -> bool:
    return get_path(pod, "status", "phase", default="") in ("Succeeded", "Failed")


def _provision(claim: Object, name: str, found: Object | None) -> Iterator[Action]:
    """Asks the class's provisioner for a volume. All provisioners are external: a program that watches claims."""
    if found is None:
        text = f'storageclass.storage.k8s.io "{name}" not found'
        yield Emit(claim, "Warning", "ProvisioningFailed", text)
        return
    provisioner = found["provisioner"]
    if provisioner.startswith("kubernetes.io/"):
        yield Emit(claim, "Warning", "ProvisioningFailed", f"no volume plugin matched name: {provisioner}")
        return
    if annotations_of(claim).get(PROVISIONER) != provisioner:
        changed = copy(claim)
        asked = {OLD_PROVISIONER: provisioner, PROVISIONER: provisioner}
        changed["metadata"]["annotations"] = {**annotations_of(claim), **asked}
        yield Update(CLAIMS, changed)
    yield Emit(claim, "Normal", "ExternalProvisioning", _EXTERNAL.format(provisioner))


def keys_of_volume(volume: Object, observed: Observed) -> Iterable[Key]:
    """The claim that the volume names; of one that names none, the claims that may want it."""
    reference = matching.reference_of(volume)
    if reference is not None:
        return [Key(reference.get("namespace") or "", reference.get("name") or "")]
    return [
        Key(claim["metadata"]["namespace"], claim["metadata"]["name"])
        for claim in observed.list(CLAIMS)
        if _may_want(claim, volume)
    ]


def _may_want(claim: Object, volume: Object) -> bool:
    named = get_path(claim, "spec", "volumeName", default="")
    if named:
        return bool(named == volume["metadata"]["name"])
    return class_of(claim) == matching.class_of_volume(volume)


def keys_of_class(storage_class: Object, observed: Observed) -> Iterable[Key]:
    """The claims without a volume that name the class, or none."""
    names = (None, storage_class["metadata"]["name"])
    return [
        Key(claim["metadata"]["namespace"], claim["metadata"]["name"])
        for claim in observed.list(CLAIMS)
        if class_or_none(claim) in names and not get_path(claim, "spec", "volumeName", default="")
    ]


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    """The claims of a pod that has no node: one that waits for its first pod says which it is."""
    if pod["spec"].get("nodeName"):
        return []
    return [Key(pod["metadata"]["namespace"], name) for name in claims_of(pod)]
