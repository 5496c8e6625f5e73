"""The snapshot controller: makes a content for each snapshot of a claim, binds snapshots and contents, shows in the
snapshot what the driver's side-car writes into the content, and lets both go in order. Pure.

Keys are snapshots' names. Source: upstream's snapshot-controller (meaning, events, finalizers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Patch, Remove
from sampan_csi.claims import MADE_ON
from sampan_csi.snapshots.naming import (
    AS_SOURCE,
    BEING_DELETED,
    BOUND,
    CLAIM,
    CLASSES,
    CONTENT,
    CONTENTS,
    DEFAULT_CLASS,
    GROUP,
    MANAGED_BY,
    SNAPSHOTS,
    content_name,
)
from sampan_machinery.metadata import annotations_of, get_path, has_finalizer, is_deleting, now_text
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES

NANOS = 1_000_000_000


class Refused(Exception):
    """The snapshot cannot be made now: (reason of the event, what the status says)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


def keys_of_content(content: Object, observed: Observed) -> Iterable[Key]:
    reference = content["spec"].get("volumeSnapshotRef") or {}
    if reference.get("name"):
        yield Key(reference.get("namespace") or "", reference["name"])


def keys_of_claim(claim: Object, observed: Observed) -> Iterable[Key]:
    """Snapshots that wait for the claim, and the one that it is made from."""
    meta = claim["metadata"]
    source = claim["spec"].get("dataSource") or {}
    if source.get("apiGroup") == GROUP and source.get("kind") == SNAPSHOTS.kind:
        yield Key(meta["namespace"], source["name"])
    for snapshot in observed.list(SNAPSHOTS, meta["namespace"]):
        if _claim_name(snapshot) == meta["name"]:
            yield Key(meta["namespace"], snapshot["metadata"]["name"])


def keys_of_class(found: Object, observed: Observed) -> Iterable[Key]:
    """Snapshots that could not be made without it."""
    for snapshot in observed.list(SNAPSHOTS):
        if not get_path(snapshot, "status", "boundVolumeSnapshotContentName", default=""):
            yield Key(snapshot["metadata"]["namespace"], snapshot["metadata"]["name"])


def keys_of_volume(volume: Object, observed: Observed) -> Iterable[Key]:
    """Snapshots of its claim."""
    reference = volume["spec"].get("claimRef") or {}
    for snapshot in observed.list(SNAPSHOTS, reference["namespace"]) if reference.get("namespace") else ():
        if _claim_name(snapshot) == reference.get("name"):
            yield Key(reference["namespace"], snapshot["metadata"]["name"])


def decide(key: Key, observed: Observed) -> Iterable[Action]:
    snapshot = observed.get(SNAPSHOTS, key.name, key.namespace)
    if snapshot is None:
        yield from _orphans(key, observed)
    elif is_deleting(snapshot):
        yield from _let_go(snapshot, observed)
    else:
        try:
            yield from _bind(snapshot, observed)
        except Refused as refused:
            yield from _refuse(snapshot, refused, observed.now)


def _bind(snapshot: Object, observed: Observed) -> Iterator[Action]:
    meta, status = snapshot["metadata"], snapshot.get("status") or {}
    missing = [one for one in (AS_SOURCE, BOUND) if not has_finalizer(snapshot, one)]
    if missing:
        yield _finalizers(snapshot, [*(meta.get("finalizers") or ()), *missing])
    named = get_path(snapshot, "spec", "source", "volumeSnapshotContentName", default="")
    if named:
        content = observed.get(CONTENTS, named)
        if content is None:
            raise Refused("SnapshotContentMissing", f"VolumeSnapshotContent {named} does not exist")
        yield from _claim_content(snapshot, content)
    else:
        content = observed.get(CONTENTS, content_name(snapshot))
        if content is None:
            if status.get("boundVolumeSnapshotContentName"):
                raise Refused("SnapshotContentMissing", "VolumeSnapshotContent is missing")
            yield from _make_content(snapshot, observed)
            return
        yield from _free_claim(snapshot, content, observed)
    yield from _show(snapshot, content)


def _make_content(snapshot: Object, observed: Observed) -> Iterator[Action]:
    meta, name = snapshot["metadata"], _claim_name(snapshot)
    claim = observed.get(PERSISTENT_VOLUME_CLAIMS, name, meta["namespace"])
    if claim is None:
        raise Refused("SnapshotContentCreationFailed", f'the claim "{name}" does not exist')
    volume = observed.get(PERSISTENT_VOLUMES, get_path(claim, "spec", "volumeName", default="") or "")
    if volume is None or get_path(claim, "status", "phase", default="") != "Bound":
        raise Refused("SnapshotContentCreationFailed", f'the claim "{name}" is not bound to a volume')
    source = volume["spec"].get("csi")
    if source is None:
        raise Refused("SnapshotContentCreationFailed", f'the volume of the claim "{name}" has no CSI driver')
    kind = _class(snapshot, source["driver"], observed)
    if not get_path(snapshot, "spec", "volumeSnapshotClassName", default=""):
        change = {"spec": {"volumeSnapshotClassName": kind["metadata"]["name"]}}
        yield Patch(SNAPSHOTS, meta["name"], meta["namespace"], change)
    if not has_finalizer(claim, CLAIM):
        yield _claim_finalizers(claim, [*(claim["metadata"].get("finalizers") or ()), CLAIM])
    yield Create(CONTENTS, _content(snapshot, volume, kind))
    text = f"Waiting for a snapshot {meta['namespace']}/{meta['name']} to be created by the CSI driver."
    yield Emit(_about(snapshot), "Normal", "CreatingSnapshot", text)


def _content(snapshot: Object, volume: Object, kind: Object) -> Object:
    meta, source = snapshot["metadata"], volume["spec"]["csi"]
    reference = {
        "apiVersion": f"{GROUP}/v1", "kind": SNAPSHOTS.kind, "name": meta["name"], "namespace": meta["namespace"],
        "uid": meta["uid"], "resourceVersion": meta["resourceVersion"],
    }  # fmt: skip
    node = annotations_of(volume).get(MADE_ON)
    return {
        "apiVersion": f"{GROUP}/v1", "kind": CONTENTS.kind,
        "metadata": {
            "name": content_name(snapshot), "finalizers": [CONTENT], **({"labels": {MANAGED_BY: node}} if node else {}),
        },
        "spec": {
            "driver": source["driver"], "deletionPolicy": kind["deletionPolicy"],
            "volumeSnapshotClassName": kind["metadata"]["name"], "volumeSnapshotRef": reference,
            "source": {"volumeHandle": source["volumeHandle"]},
            "sourceVolumeMode": volume["spec"].get("volumeMode") or "Filesystem",
        },
    }  # fmt: skip


def _class(snapshot: Object, driver: str, observed: Observed) -> Object:
    name = get_path(snapshot, "spec", "volumeSnapshotClassName", default="")
    if name:
        found = observed.get(CLASSES, name)
        if found is None:
            raise Refused("SnapshotContentCreationFailed", f'the VolumeSnapshotClass "{name}" does not exist')
        if found["driver"] != driver:
            text = f'the VolumeSnapshotClass "{name}" is for driver {found["driver"]}, not {driver}'
            raise Refused("SnapshotContentCreationFailed", text)
        return found
    defaults = [
        one for one in observed.list(CLASSES)
        if one["driver"] == driver and annotations_of(one).get(DEFAULT_CLASS) == "true"
    ]  # fmt: skip
    if len(defaults) != 1:
        text = f"{len(defaults)} default snapshot classes were found for driver {driver}, where one is needed"
        raise Refused("SetDefaultSnapshotClassFailed", text)
    return defaults[0]


def _claim_content(snapshot: Object, content: Object) -> Iterator[Action]:
    """A content that was made by hand is bound to the snapshot that it names."""
    meta, reference = snapshot["metadata"], content["spec"].get("volumeSnapshotRef") or {}
    is_named = (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
    if not is_named or reference.get("uid") not in (None, "", meta["uid"]):
        text = f"VolumeSnapshotContent {content['metadata']['name']} is bound to another snapshot"
        raise Refused("SnapshotContentMisbound", text)
    if not get_path(content, "spec", "source", "snapshotHandle", default=""):
        raise Refused("SnapshotContentMismatch", "the VolumeSnapshotContent has no snapshotHandle")
    if not reference.get("uid"):
        change = {"spec": {"volumeSnapshotRef": {**reference, "uid": meta["uid"]}}}
        yield Patch(CONTENTS, content["metadata"]["name"], "", change)


def _show(snapshot: Object, content: Object) -> Iterator[Action]:
    """What the content's status says, in the snapshot's."""
    meta, found, old = snapshot["metadata"], content.get("status") or {}, snapshot.get("status") or {}
    status: Object = {"boundVolumeSnapshotContentName": content["metadata"]["name"]}
    status["readyToUse"] = bool(found.get("readyToUse"))
    if found.get("creationTime") is not None:
        status["creationTime"] = now_text(found["creationTime"] / NANOS)
    if found.get("restoreSize") is not None:
        status["restoreSize"] = str(found["restoreSize"])
    status["error"] = found.get("error")
    if all(old.get(name) == value for name, value in status.items()):
        return
    if status.get("creationTime") and not old.get("creationTime"):
        yield _told(snapshot, "SnapshotCreated", "was successfully created by the CSI driver.")
    if status["readyToUse"] and not old.get("readyToUse"):
        yield _told(snapshot, "SnapshotReady", "is ready to use.")
    if status["error"] and status["error"] != old.get("error"):
        yield Emit(_about(snapshot), "Warning", "SnapshotCreationFailed", status["error"].get("message") or "")
    yield Patch(SNAPSHOTS, meta["name"], meta["namespace"], {"status": status}, subresource="status")


def _told(snapshot: Object, reason: str, what: str) -> Emit:
    meta = snapshot["metadata"]
    return Emit(_about(snapshot), "Normal", reason, f"Snapshot {meta['namespace']}/{meta['name']} {what}")


def _refuse(snapshot: Object, refused: Refused, now: float) -> Iterator[Action]:
    """Told once; tried again when something about it changes."""
    status = snapshot.get("status") or {}
    if (status.get("error") or {}).get("message") == refused.message:
        return
    yield Emit(_about(snapshot), "Warning", refused.reason, refused.message)
    meta = snapshot["metadata"]
    change = {"status": {"readyToUse": False, "error": {"message": refused.message, "time": now_text(now)}}}
    yield Patch(SNAPSHOTS, meta["name"], meta["namespace"], change, subresource="status")


# the end


def _let_go(snapshot: Object, observed: Observed) -> Iterator[Action]:
    """The content first where it is to be deleted, then the snapshot; not while a claim is being made from it."""
    meta = snapshot["metadata"]
    if not (has_finalizer(snapshot, BOUND) or has_finalizer(snapshot, AS_SOURCE)):
        return
    if user := _being_made_from(snapshot, observed):
        text = f"Snapshot is being used to restore a PVC: {meta['namespace']}/{user}"
        yield Emit(_about(snapshot), "Warning", "SnapshotDeletePending", text)
        return
    yield from _free_claim(snapshot, None, observed)
    content = _content_of(snapshot, observed)
    if content is not None:
        name = content["metadata"]["name"]
        if annotations_of(content).get(BEING_DELETED) != "yes":
            yield Patch(CONTENTS, name, "", {"metadata": {"annotations": {BEING_DELETED: "yes"}}})
        if content["spec"]["deletionPolicy"] == "Delete":
            if not is_deleting(content):
                yield Remove(CONTENTS, name, uid=content["metadata"]["uid"])
            return  # its end brings the snapshot here again
    kept = [one for one in meta.get("finalizers") or () if one not in (BOUND, AS_SOURCE)]
    yield _finalizers(snapshot, kept)


def _content_of(snapshot: Object, observed: Observed) -> Object | None:
    named = get_path(snapshot, "spec", "source", "volumeSnapshotContentName", default="")
    content = observed.get(CONTENTS, named or content_name(snapshot))
    uid = get_path(content or {}, "spec", "volumeSnapshotRef", "uid", default="")
    return content if uid == snapshot["metadata"]["uid"] else None


def _being_made_from(snapshot: Object, observed: Observed) -> str:
    """The claim that is being made from the snapshot, "" for none."""
    meta = snapshot["metadata"]
    for claim in observed.list(PERSISTENT_VOLUME_CLAIMS, meta["namespace"]):
        source = claim["spec"].get("dataSource") or {}
        found = (source.get("apiGroup"), source.get("kind"), source.get("name"))
        is_it = found == (GROUP, SNAPSHOTS.kind, meta["name"])
        if is_it and get_path(claim, "status", "phase", default="") == "Pending" and not is_deleting(claim):
            return str(claim["metadata"]["name"])
    return ""


def _orphans(key: Key, observed: Observed) -> Iterator[Action]:
    """Contents that are being deleted and whose snapshot is gone: the side-car may go on."""
    for content in observed.list(CONTENTS):
        reference = content["spec"].get("volumeSnapshotRef") or {}
        is_its = (reference.get("namespace"), reference.get("name")) == (key.namespace, key.name)
        if is_its and is_deleting(content) and annotations_of(content).get(BEING_DELETED) != "yes":
            change = {"metadata": {"annotations": {BEING_DELETED: "yes"}}}
            yield Patch(CONTENTS, content["metadata"]["name"], "", change)


# claims


def _free_claim(snapshot: Object, content: Object | None, observed: Observed) -> Iterator[Action]:
    """The claim may go once no snapshot is being made of it. ``content`` None: the snapshot itself is going."""
    namespace, name = snapshot["metadata"]["namespace"], _claim_name(snapshot)
    claim = observed.get(PERSISTENT_VOLUME_CLAIMS, name, namespace) if name else None
    if claim is None or not has_finalizer(claim, CLAIM):
        return
    if content is not None and get_path(content, "status", "creationTime", default=None) is None:
        return
    for other in observed.list(SNAPSHOTS, namespace):
        is_other = other["metadata"]["uid"] != snapshot["metadata"]["uid"] and _claim_name(other) == name
        if is_other and not is_deleting(other) and not get_path(other, "status", "creationTime", default=None):
            return
    yield _claim_finalizers(claim, [one for one in claim["metadata"]["finalizers"] if one != CLAIM])


def _claim_finalizers(claim: Object, finalizers: list[str]) -> Patch:
    meta = claim["metadata"]
    change = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"], "finalizers": finalizers}
    return Patch(PERSISTENT_VOLUME_CLAIMS, meta["name"], meta["namespace"], {"metadata": change})


def _finalizers(snapshot: Object, finalizers: list[str]) -> Patch:
    meta = snapshot["metadata"]
    change = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"], "finalizers": finalizers or None}
    return Patch(SNAPSHOTS, meta["name"], meta["namespace"], {"metadata": change})


def _claim_name(snapshot: Object) -> str:
    return str(get_path(snapshot, "spec", "source", "persistentVolumeClaimName", default="") or "")


def _about(snapshot: Object) -> Object:
    return {"apiVersion": f"{GROUP}/v1", "kind": SNAPSHOTS.kind, **snapshot}
