"""What provisioners of volumes have in common: names in the API, events, and what they write about a claim they cannot
serve. Source: upstream's external provisioner (meaning, its wording)."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound
from sampan_machinery.metadata import annotations_of, has_finalizer
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS

#: Keeps a volume until what it stands for has been dealt with (KEP-2644).
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
ASKED_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


class EventRecorder(Protocol):
    def event(self, about: Object, type: str, reason: str, message: str) -> None: ...


def volume_name(claim: Object) -> str:
    """The name of the PersistentVolume that is made for the claim."""
    return f"pvc-{claim['metadata']['uid']}"


def claim_reference(claim: Object) -> Object:
    """``spec.claimRef`` of the volume that is made for the claim."""
    meta = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": meta["namespace"], "name": meta["name"],
        "uid": meta["uid"], "resourceVersion": meta["resourceVersion"],
    }  # fmt: skip


class ProvisionerEvents:
    """Events about claims and volumes as upstream's provisioner and resizer write them."""

    def __init__(self, events: EventRecorder) -> None:
        self._events = events

    def provisioning(self, claim: Object) -> None:
        meta = claim["metadata"]
        where = f"{meta['namespace']}/{meta['name']}"
        self._claim(claim, "Provisioning", f'External provisioner is provisioning volume for claim "{where}"')

    def provisioned(self, claim: Object) -> None:
        self._claim(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {volume_name(claim)}")

    def failed(self, claim: Object, why: str) -> None:
        name = claim["spec"].get("storageClassName") or ""
        text = f'failed to provision volume with StorageClass "{name}": {why}'
        self._claim(claim, "ProvisioningFailed", text, type="Warning")

    def resizing(self, claim: Object, volume: str) -> None:
        self._claim(claim, "Resizing", f"External resizer is resizing volume {volume}")

    def resized(self, claim: Object) -> None:
        self._claim(claim, "VolumeResizeSuccessful", "Resize volume succeeded")

    def resized_for_the_node(self, claim: Object) -> None:
        """The file system has to grow on the node, too."""
        self._claim(claim, "FileSystemResizeRequired", "Require file system resize of volume on node")

    def resize_failed(self, claim: Object, volume: str, why: str) -> None:
        self._claim(claim, "VolumeResizeFailed", f'resize volume "{volume}" failed: {why}', type="Warning")

    def not_deleted(self, volume: Object, why: str) -> None:
        about = {"apiVersion": "v1", "kind": "PersistentVolume", **volume}
        self._events.event(about, "Warning", "VolumeFailedDelete", why)

    def _claim(self, claim: Object, reason: str, text: str, *, type: str = "Normal") -> None:
        self._events.event({"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}, type, reason, text)


def give_back(client: Any, claim: Object) -> None:
    """This node cannot make the volume: the scheduler chooses again. Raises StatusError."""
    if SELECTED_NODE not in annotations_of(claim):
        return
    meta = claim["metadata"]
    change = {"resourceVersion": meta["resourceVersion"], "annotations": {SELECTED_NODE: None}}
    client.patch(PERSISTENT_VOLUME_CLAIMS, meta["name"], {"metadata": change}, meta["namespace"])


def drop_finalizer(client: Any, resource: Resource, obj: Object, finalizer: str) -> None:
    """Nothing where the object has it not, or is gone. Raises StatusError."""
    if not has_finalizer(obj, finalizer):
        return
    meta = obj["metadata"]
    with contextlib.suppress(NotFound):
        change = {"uid": meta["uid"], "$deleteFromPrimitiveList/finalizers": [finalizer]}
        client.patch(resource, meta["name"], {"metadata": change}, how="strategic")
