"""The part of a driver's side-cars that this node plays: making, removing, attaching and detaching volumes.

Each node does what is its own: claims that chose it, volumes that it made, attachments to it. A claim that chooses no
node is the business of the first node by name that has the driver. Source: upstream's external provisioner and attacher
(meaning, finalizers, events).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, StatusError
from sampan_csi import claims
from sampan_csi.channel import CallFailure
from sampan_csi.claims import FINALIZER, MADE_ON, PROVISIONED_BY
from sampan_csi.drivers import Driver
from sampan_csi.messages import CONTROLLER, CREATE_DELETE, HAS_TOPOLOGY, IDENTITY, PUBLISH_UNPUBLISH
from sampan_machinery.metadata import annotations_of, get_path, has_finalizer, is_deleting, labels_of
from sampan_machinery.resources import CSI_NODES, NODES, STORAGE_CLASSES, VOLUME_ATTACHMENTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes.contracts import VolumeFailure

SELECTED_NODE = "volume.kubernetes.io/selected-node"
ASKED_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
#: Answers after which another node may do better.
_ELSEWHERE = ("RESOURCE_EXHAUSTED",)


class EventRecorder(Protocol):
    def event(self, about: Object, type: str, reason: str, message: str) -> None: ...


class Registered(Protocol):
    """What is needed of Drivers."""

    def get(self, name: str) -> Driver: ...


class Sidecar:
    """``names``: the drivers whose side-cars' part it plays."""

    def __init__(
        self, client: Any, events: EventRecorder, drivers: Registered, names: Collection[str], node: str
    ) -> None:  # fmt: skip
        self._client, self._events, self._drivers = client, events, drivers
        self._names, self._node = frozenset(names), node

    # claims

    def claim(self, claim: Object) -> None:
        """Make the volume that it asks this node for. Raises what is to be tried again."""
        annotations = annotations_of(claim)
        name = annotations.get(ASKED_PROVISIONER) or ""
        if name not in self._names or is_deleting(claim) or get_path(claim, "spec", "volumeName", default=""):
            return
        chosen = annotations.get(SELECTED_NODE)
        if chosen == self._node or (not chosen and self._is_first(name)):
            self._provision(claim, self._drivers.get(name), bool(chosen))

    def _is_first(self, driver: str) -> bool:
        nodes = (
            node["metadata"]["name"] for node in self._client.list(CSI_NODES).items
            if any(one["name"] == driver for one in node["spec"].get("drivers") or ())
        )  # fmt: skip
        return min(nodes, default="") == self._node

    def _provision(self, claim: Object, driver: Driver, chosen: bool) -> None:
        about = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}
        where = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
        text = f'External provisioner is provisioning volume for claim "{where}"'
        self._events.event(about, "Normal", "Provisioning", text)
        class_name = get_path(claim, "spec", "storageClassName", default="") or ""
        try:
            storage_class = self._client.get(STORAGE_CLASSES, class_name)
            why = claims.refusal(claim, storage_class)
            if not why and CREATE_DELETE not in self._controller(driver):
                why = "the driver makes no volumes"
            if why:
                self._failed(about, class_name, why)
                return  # until the claim changes
            asked = claims.request(claim, storage_class, self._topology(driver) if chosen else {})
            made = driver.channel.call(CONTROLLER, "CreateVolume", **asked)["volume"]
            if made is None or not made["volume_id"]:
                raise CallFailure("the driver made a volume without an id")
            with contextlib.suppress(AlreadyExists):
                self._client.create(VOLUMES, claims.volume_for(claim, storage_class, made, driver.name, self._node))
        except (StatusError, VolumeFailure) as error:
            self._failed(about, class_name, str(error))
            if chosen and isinstance(error, CallFailure) and error.code in _ELSEWHERE:
                self._give_back(claim)
                return
            raise
        text = f"Successfully provisioned volume {claims.name_of(claim)}"
        self._events.event(about, "Normal", "ProvisioningSucceeded", text)

    def _failed(self, claim: Object, storage_class: str, why: str) -> None:
        text = f'failed to provision volume with StorageClass "{storage_class}": {why}'
        self._events.event(claim, "Warning", "ProvisioningFailed", text)

    def _give_back(self, claim: Object) -> None:
        """The scheduler chooses another node."""
        meta = claim["metadata"]
        change = {"resourceVersion": meta["resourceVersion"], "annotations": {SELECTED_NODE: None}}
        self._client.patch(CLAIMS, meta["name"], {"metadata": change}, meta["namespace"])

    def _controller(self, driver: Driver) -> set[int]:
        listed = driver.channel.call(CONTROLLER, "ControllerGetCapabilities")["capabilities"]
        return {one["rpc"]["type"] for one in listed if one["rpc"]}

    def _topology(self, driver: Driver) -> dict[str, str]:
        """The node's segments, for a driver whose volumes are not everywhere."""
        listed = driver.channel.call(IDENTITY, "GetPluginCapabilities")["capabilities"]
        if HAS_TOPOLOGY not in {one["service"]["type"] for one in listed if one["service"]}:
            return {}
        labels = labels_of(self._client.get(NODES, self._node))
        keys = self._entry(driver.name).get("topologyKeys") or ()
        return {key: labels[key] for key in keys if key in labels}

    def _entry(self, driver: str) -> Object:
        """What this node's CSINode says of the driver."""
        drivers = self._client.get(CSI_NODES, self._node)["spec"].get("drivers") or ()
        found: Object = next((one for one in drivers if one["name"] == driver), {})
        if not found:
            raise VolumeFailure(f"driver {driver} is not in CSINode {self._node} yet")
        return found

    # volumes

    def volume(self, volume: Object, attachments: Collection[Object]) -> None:
        """Remove what this node made, once it is released and attached nowhere."""
        annotations, meta = annotations_of(volume), volume["metadata"]
        if annotations.get(PROVISIONED_BY) not in self._names or annotations.get(MADE_ON) != self._node:
            return
        phase = get_path(volume, "status", "phase", default="")
        is_kept = get_path(volume, "spec", "persistentVolumeReclaimPolicy", default="") != "Delete"
        if is_kept:
            if is_deleting(volume):
                self._drop_finalizer(VOLUMES, volume, FINALIZER)
            return
        if phase != "Released" and not (is_deleting(volume) and phase != "Bound" and has_finalizer(volume, FINALIZER)):
            return
        names = (get_path(one, "spec", "source", "persistentVolumeName", default="") for one in attachments)
        if meta["name"] in names:
            return  # the end of the attachment brings it here again
        driver = self._drivers.get(annotations[PROVISIONED_BY])
        try:
            driver.channel.call(CONTROLLER, "DeleteVolume", volume_id=volume["spec"]["csi"]["volumeHandle"])
        except CallFailure as error:
            about = {"apiVersion": "v1", "kind": "PersistentVolume", **volume}
            self._events.event(about, "Warning", "VolumeFailedDelete", str(error))
            raise
        with contextlib.suppress(NotFound):
            self._client.delete(VOLUMES, meta["name"], uid=meta["uid"])
        self._drop_finalizer(VOLUMES, volume, FINALIZER)

    def _drop_finalizer(self, resource: Any, obj: Object, finalizer: str) -> None:
        if not has_finalizer(obj, finalizer):
            return
        meta = obj["metadata"]
        with contextlib.suppress(NotFound):
            change = {"uid": meta["uid"], "$deleteFromPrimitiveList/finalizers": [finalizer]}
            self._client.patch(resource, meta["name"], {"metadata": change}, how="strategic")

    # attachments

    def attachment(self, attachment: Object, volume: Object | None) -> None:
        """Attach or detach what is about this node. ``volume`` is the one that it names, where it exists."""
        spec = attachment["spec"]
        if spec["attacher"] not in self._names or spec["nodeName"] != self._node:
            return
        finalizer = f"external-attacher/{spec['attacher'].replace('.', '-')}"
        driver, status = self._drivers.get(spec["attacher"]), attachment.get("status") or {}
        if is_deleting(attachment):
            if has_finalizer(attachment, finalizer):
                self._detach(attachment, volume, driver, finalizer)
        elif not status.get("attached") and volume is not None:
            self._attach(attachment, volume, driver, finalizer)

    def _attach(self, attachment: Object, volume: Object, driver: Driver, finalizer: str) -> None:
        meta, source = attachment["metadata"], volume["spec"]["csi"]
        if not has_finalizer(attachment, finalizer):
            change = {"metadata": {"uid": meta["uid"], "finalizers": [finalizer]}}
            self._client.patch(VOLUME_ATTACHMENTS, meta["name"], change, how="strategic")
        context: dict[str, str] = {}
        try:
            if PUBLISH_UNPUBLISH in self._controller(driver):
                modes = volume["spec"].get("accessModes") or ("ReadWriteOnce",)
                options = volume["spec"].get("mountOptions") or ()
                context = driver.channel.call(
                    CONTROLLER, "ControllerPublishVolume", volume_id=source["volumeHandle"],
                    node_id=self._entry(driver.name)["nodeID"], readonly=bool(source.get("readOnly")),
                    volume_capability=claims.capability(modes[0], source.get("fsType") or "", options),
                    volume_context=source.get("volumeAttributes") or {},
                )["publish_context"]  # fmt: skip
        except VolumeFailure as error:
            self._tell(attachment, {"attachError": {"message": str(error)}})
            raise
        self._tell(attachment, {"attached": True, "attachmentMetadata": context, "attachError": None})

    def _detach(self, attachment: Object, volume: Object | None, driver: Driver, finalizer: str) -> None:
        source = get_path(volume or {}, "spec", "csi", default=None)
        try:
            if source is not None and PUBLISH_UNPUBLISH in self._controller(driver):
                driver.channel.call(
                    CONTROLLER, "ControllerUnpublishVolume", volume_id=source["volumeHandle"],
                    node_id=self._entry(driver.name)["nodeID"],
                )  # fmt: skip
        except VolumeFailure as error:
            self._tell(attachment, {"detachError": {"message": str(error)}})
            raise
        self._drop_finalizer(VOLUME_ATTACHMENTS, attachment, finalizer)

    def _tell(self, attachment: Object, status: Object) -> None:
        meta = attachment["metadata"]
        with contextlib.suppress(NotFound):
            patch = {"metadata": {"uid": meta["uid"]}, "status": {"attached": False, **status}}
            self._client.patch(VOLUME_ATTACHMENTS, meta["name"], patch, subresource="status")
