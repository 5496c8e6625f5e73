"""The part of a driver's side-cars that this node plays: making, removing, attaching and detaching volumes.

Each node does what is its own: claims that chose it, volumes that it made, attachments to it. A claim that chooses no
node is the business of the first node by name that has the driver. Source: upstream's external provisioner and attacher
(meaning, finalizers, events).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, StatusError
from sampan_csi import abilities, claims, sources
from sampan_csi.abilities import Registered
from sampan_csi.channel import CallFailure
from sampan_csi.claims import MADE_ON
from sampan_csi.drivers import Driver
from sampan_csi.messages import CONTROLLER, CREATE_DELETE, PUBLISH_UNPUBLISH
from sampan_machinery.metadata import annotations_of, get_path, has_finalizer, is_deleting, labels_of
from sampan_machinery.resources import CSI_NODES, NODES, STORAGE_CLASSES, VOLUME_ATTACHMENTS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes.contracts import VolumeFailure
from sampan_volumes.provisioning import (
    ASKED_PROVISIONER,
    FINALIZER,
    PROVISIONED_BY,
    SELECTED_NODE,
    EventRecorder,
    ProvisionerEvents,
    drop_finalizer,
    give_back,
)

#: Answers after which another node may do better.
_ELSEWHERE = ("RESOURCE_EXHAUSTED",)


class Sidecar:
    """``names``: the drivers whose side-cars' part it plays."""

    def __init__(
        self, client: Any, events: EventRecorder, drivers: Registered, names: Collection[str], node: str
    ) -> None:  # fmt: skip
        self._client, self._events, self._drivers = client, ProvisionerEvents(events), drivers
        self._names, self._node = frozenset(names), node

    # claims

    def claim(self, claim: Object) -> None:
        """Make the volume that it asks this node for. Raises what is to be tried again."""
        annotations = annotations_of(claim)
        name = annotations.get(ASKED_PROVISIONER) or ""
        if name not in self._names or is_deleting(claim) or get_path(claim, "spec", "volumeName", default=""):
            return
        if sources.is_for_others(claim):
            return
        chosen = annotations.get(SELECTED_NODE)
        if chosen == self._node or (not chosen and self.is_first(name)):
            self._provision(claim, self._drivers.get(name), bool(chosen))

    def is_first(self, driver: str) -> bool:
        """Whether this is the first node by name that has the driver."""
        nodes = (
            node["metadata"]["name"] for node in self._client.list(CSI_NODES).items
            if any(one["name"] == driver for one in node["spec"].get("drivers") or ())
        )  # fmt: skip
        return min(nodes, default="") == self._node

    def _provision(self, claim: Object, driver: Driver, chosen: bool) -> None:
        self._events.provisioning(claim)
        class_name = get_path(claim, "spec", "storageClassName", default="") or ""
        try:
            storage_class = self._client.get(STORAGE_CLASSES, class_name)
            why = claims.refusal(claim, storage_class)
            can = abilities.of_controller(driver)
            if not why and CREATE_DELETE not in can:
                why = "the driver makes no volumes"
            if why:
                self._events.failed(claim, why)
                return  # until the claim changes
            content = sources.content(claim, driver.name, can, self._client)
            asked = claims.request(claim, storage_class, self._topology(driver) if chosen else {}, content)
            made = driver.channel.call(CONTROLLER, "CreateVolume", **asked)["volume"]
            if made is None or not made["volume_id"]:
                raise CallFailure("the driver made a volume without an id")
            with contextlib.suppress(AlreadyExists):
                self._client.create(VOLUMES, claims.volume_for(claim, storage_class, made, driver.name, self._node))
        except (StatusError, VolumeFailure) as error:
            self._events.failed(claim, str(error))
            if chosen and isinstance(error, CallFailure) and error.code in _ELSEWHERE:
                give_back(self._client, claim)
                return
            raise
        self._events.provisioned(claim)

    def _topology(self, driver: Driver) -> dict[str, str]:
        """The node's segments, for a driver whose volumes are not everywhere."""
        if not abilities.has_topology(driver):
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
                drop_finalizer(self._client, VOLUMES, volume, FINALIZER)
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
            self._events.not_deleted(volume, str(error))
            raise
        with contextlib.suppress(NotFound):
            self._client.delete(VOLUMES, meta["name"], uid=meta["uid"])
        drop_finalizer(self._client, VOLUMES, volume, FINALIZER)

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
            if PUBLISH_UNPUBLISH in abilities.of_controller(driver):
                modes = volume["spec"].get("accessModes") or ("ReadWriteOnce",)
                options = volume["spec"].get("mountOptions") or ()
                context = driver.channel.call(
                    CONTROLLER, "ControllerPublishVolume", volume_id=source["volumeHandle"],
                    node_id=self._entry(driver.name)["nodeID"], readonly=bool(source.get("readOnly")),
                    volume_capability=claims.capability(
                        modes[0], source.get("fsType") or "", options, block=claims.is_block(volume)
                    ),
                    volume_context=source.get("volumeAttributes") or {},
                )["publish_context"]  # fmt: skip
        except VolumeFailure as error:
            self._tell(attachment, {"attachError": {"message": str(error)}})
            raise
        self._tell(attachment, {"attached": True, "attachmentMetadata": context, "attachError": None})

    def _detach(self, attachment: Object, volume: Object | None, driver: Driver, finalizer: str) -> None:
        source = get_path(volume or {}, "spec", "csi", default=None)
        try:
            if source is not None and PUBLISH_UNPUBLISH in abilities.of_controller(driver):
                driver.channel.call(
                    CONTROLLER, "ControllerUnpublishVolume", volume_id=source["volumeHandle"],
                    node_id=self._entry(driver.name)["nodeID"],
                )  # fmt: skip
        except VolumeFailure as error:
            self._tell(attachment, {"detachError": {"message": str(error)}})
            raise
        drop_finalizer(self._client, VOLUME_ATTACHMENTS, attachment, finalizer)

    def _tell(self, attachment: Object, status: Object) -> None:
        meta = attachment["metadata"]
        with contextlib.suppress(NotFound):
            patch = {"metadata": {"uid": meta["uid"]}, "status": {"attached": False, **status}}
            self._client.patch(VOLUME_ATTACHMENTS, meta["name"], patch, subresource="status")
