"""The part of external-snapshotter's side-car that this node plays: the driver makes and deletes what contents say.

A content with the label of a node is that node's, any other belongs to the first node by name that has the driver.
Source: upstream's csi-snapshotter (meaning, annotations, events).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import NotFound
from sampan_csi import abilities
from sampan_csi.abilities import Registered
from sampan_csi.channel import CallFailure
from sampan_csi.drivers import Driver
from sampan_csi.messages import CONTROLLER, CREATE_DELETE_SNAPSHOT, LIST_SNAPSHOTS
from sampan_csi.snapshots.naming import (
    BEING_CREATED,
    BEING_DELETED,
    CLASSES,
    CONTENT,
    CONTENTS,
    GROUP,
    MANAGED_BY,
)
from sampan_machinery.metadata import annotations_of, get_path, has_finalizer, is_deleting, labels_of, now_text
from sampan_volumes.contracts import VolumeFailure
from sampan_volumes.provisioning import EventRecorder

NANOS = 1_000_000_000
_RESERVED = "csi.storage.k8s.io/"


class Snapshotter:
    """``names``: the drivers whose side-cars' part it plays; ``is_first``: whether this node does what belongs to no
    node in particular, for a driver."""

    def __init__(
        self, client: Any, events: EventRecorder, drivers: Registered, names: Collection[str], node: str, *,
        is_first: Callable[[str], bool], clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._client, self._events, self._drivers = client, events, drivers
        self._names, self._node, self._is_first, self._clock = frozenset(names), node, is_first, clock

    def content(self, content: Object) -> None:
        """Do what is to be done about it. Raises what is to be tried again."""
        name = content["spec"]["driver"]
        if name not in self._names or not self._is_mine(content, name):
            return
        try:
            newest = self._client.get(CONTENTS, content["metadata"]["name"])
        except NotFound:
            return
        if is_deleting(newest):
            self._delete(newest, name)
        elif not get_path(newest, "status", "readyToUse", default=False):
            self._create(newest, self._drivers.get(name))

    def _is_mine(self, content: Object, driver: str) -> bool:
        node = labels_of(content).get(MANAGED_BY)
        return node == self._node if node else self._is_first(driver)

    def _create(self, content: Object, driver: Driver) -> None:
        if not has_finalizer(content, CONTENT):
            finalizers = [*(content["metadata"].get("finalizers") or ()), CONTENT]
            self._patch(content, {"metadata": {"finalizers": finalizers}})
        try:
            made = self._asked(content, driver)
        except VolumeFailure as error:
            self._failed(content, "SnapshotCreationFailed", f"Failed to create snapshot: {error}")
            raise
        moment = made["creation_time"] or {"seconds": 0, "nanos": 0}
        status = {
            "snapshotHandle": made["snapshot_id"], "readyToUse": bool(made["ready_to_use"]), "error": None,
            "creationTime": moment["seconds"] * NANOS + moment["nanos"] or int(self._clock() * NANOS),
            "restoreSize": made["size_bytes"],
        }  # fmt: skip
        self._client.patch(CONTENTS, content["metadata"]["name"], {"status": status}, subresource="status")
        self._patch(content, {"metadata": {"annotations": {BEING_CREATED: None}}})
        if not made["ready_to_use"]:
            raise VolumeFailure(f"snapshot {made['snapshot_id']} is not ready to use yet")

    def _asked(self, content: Object, driver: Driver) -> dict[str, Any]:
        """What the driver says of the snapshot. Raises VolumeFailure."""
        can, handle = abilities.of_controller(driver), content["spec"]["source"].get("snapshotHandle")
        if handle:
            if LIST_SNAPSHOTS not in can:
                known = {"snapshot_id": handle, "ready_to_use": True, "creation_time": None}
                return {**known, "size_bytes": get_path(content, "status", "restoreSize", default=0)}
            entries = driver.channel.call(CONTROLLER, "ListSnapshots", snapshot_id=handle)["entries"]
            found = next((one["snapshot"] for one in entries if one["snapshot"]), None)
            if found is None:
                raise CallFailure(f"the driver has no snapshot {handle}", "NOT_FOUND")
            return dict(found)
        if CREATE_DELETE_SNAPSHOT not in can:
            raise VolumeFailure(f"driver {driver.name} makes no snapshots")
        if annotations_of(content).get(BEING_CREATED) != "yes":
            self._patch(content, {"metadata": {"annotations": {BEING_CREATED: "yes"}}})
        return self._make(content, driver)

    def _make(self, content: Object, driver: Driver) -> dict[str, Any]:
        spec = content["spec"]
        name = f"snapshot-{spec['volumeSnapshotRef'].get('uid') or content['metadata']['uid']}"
        made = driver.channel.call(
            CONTROLLER, "CreateSnapshot", source_volume_id=spec["source"]["volumeHandle"], name=name,
            parameters=self._parameters(spec.get("volumeSnapshotClassName") or ""),
        )["snapshot"]  # fmt: skip
        if made is None or not made["snapshot_id"]:
            raise CallFailure("the driver made a snapshot without an id")
        return dict(made)

    def _parameters(self, class_name: str) -> dict[str, str]:
        try:
            found = self._client.get(CLASSES, class_name) if class_name else {}
        except NotFound:
            found = {}  # it may be deleted while its snapshots are there
        given = found.get("parameters") or {}
        return {key: value for key, value in given.items() if not key.startswith(_RESERVED)}

    def _delete(self, content: Object, name: str) -> None:
        if not has_finalizer(content, CONTENT) or annotations_of(content).get(BEING_DELETED) != "yes":
            return  # its snapshot is still there
        if content["spec"]["deletionPolicy"] == "Delete":
            self._delete_at(content, self._drivers.get(name))
        kept = [one for one in content["metadata"]["finalizers"] if one != CONTENT]
        self._patch(content, {"metadata": {"finalizers": kept or None}})

    def _delete_at(self, content: Object, driver: Driver) -> None:
        handle = get_path(content, "status", "snapshotHandle", default="")
        handle = handle or content["spec"]["source"].get("snapshotHandle")
        try:
            if not handle and annotations_of(content).get(BEING_CREATED) == "yes":
                handle = self._make(content, driver)["snapshot_id"]  # asked once, and its answer was lost: asked again
            if handle:
                driver.channel.call(CONTROLLER, "DeleteSnapshot", snapshot_id=handle)
        except VolumeFailure as error:
            self._failed(content, "SnapshotDeleteError", f"Failed to delete snapshot: {error}")
            raise

    def _failed(self, content: Object, reason: str, message: str) -> None:
        self._events.event({"apiVersion": f"{GROUP}/v1", "kind": CONTENTS.kind, **content}, "Warning", reason, message)
        if get_path(content, "status", "error", "message", default="") == message:
            return
        error = {"message": message, "time": now_text(self._clock())}
        status = {"readyToUse": False, "error": error}
        with contextlib.suppress(NotFound):
            self._client.patch(CONTENTS, content["metadata"]["name"], {"status": status}, subresource="status")

    def _patch(self, content: Object, change: Object) -> None:
        meta = content["metadata"]
        change = {**change, "metadata": {"uid": meta["uid"], **change["metadata"]}}
        with contextlib.suppress(NotFound):
            self._client.patch(CONTENTS, meta["name"], change)
