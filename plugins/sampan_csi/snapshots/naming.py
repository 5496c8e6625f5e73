"""Names of snapshots' API. Source: kubernetes-csi's external-snapshotter 8 (API reference, its finalizers and
annotations)."""

from __future__ import annotations

from sampan.contracts.kinds import Object, Resource

GROUP = "snapshot.storage.k8s.io"
SNAPSHOTS = Resource(GROUP, "v1", "volumesnapshots", "VolumeSnapshot", True)
CONTENTS = Resource(GROUP, "v1", "volumesnapshotcontents", "VolumeSnapshotContent", False)
CLASSES = Resource(GROUP, "v1", "volumesnapshotclasses", "VolumeSnapshotClass", False)

_PREFIX = "snapshot.storage.kubernetes.io/"
#: On a snapshot: its content is still there; a claim is being made from it.
BOUND, AS_SOURCE = f"{_PREFIX}volumesnapshot-bound-protection", f"{_PREFIX}volumesnapshot-as-source-protection"
#: On a content; on a claim of which a snapshot is being made.
CONTENT, CLAIM = f"{_PREFIX}volumesnapshotcontent-bound-protection", f"{_PREFIX}pvc-as-source-protection"
DEFAULT_CLASS = f"{_PREFIX}is-default-class"
#: On a content: its snapshot is going; the driver was asked and its answer is not written yet.
BEING_DELETED, BEING_CREATED = f"{_PREFIX}volumesnapshot-being-deleted", f"{_PREFIX}volumesnapshot-being-created"
#: Label of a content: the one node that deals with it.
MANAGED_BY = f"{_PREFIX}managed-by"


def content_name(snapshot: Object) -> str:
    return f"snapcontent-{snapshot['metadata']['uid']}"
