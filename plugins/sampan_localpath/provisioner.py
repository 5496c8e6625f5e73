"""Performs the decisions about claims and volumes of this node: directories, then what the API is told.

A directory is made before its volume is written and removed before the volume is, so that whatever fails in between is
done again. Events are those of upstream's provisioners.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, StatusError
from sampan_localpath import decisions, directories, volumes
from sampan_machinery.metadata import condition_is, copy, get_path, remove_condition
from sampan_machinery.resources import NODES, STORAGE_CLASSES
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes.provisioning import FINALIZER, EventRecorder, ProvisionerEvents, drop_finalizer, give_back

log = logging.getLogger(__name__)

_RESIZING = ("Resizing", "FileSystemResizePending")


class Provisioner:
    def __init__(self, client: Any, events: EventRecorder, root: Path, node: str) -> None:
        self._client, self._root, self._node = client, root, node
        self._events = ProvisionerEvents(events)

    def claim(self, claim: Object, volume: Object | None) -> None:
        """Raises StatusError or OSError to be asked again later."""
        match decisions.about_claim(claim, volume, self._node):
            case decisions.Provision():
                self._provision(claim)
            case decisions.ChooseNode() if self._is_first():
                self._provision(claim)
            case decisions.Expand(size) if volume is not None:
                self._expand(claim, volume, size)

    def volume(self, volume: Object) -> None:
        match decisions.about_volume(volume, self._node):
            case decisions.Remove():
                self._remove(volume)
            case decisions.Release():
                self._release(volume)

    def _is_first(self) -> bool:
        """Whether this is the Ready node that makes volumes for claims that choose none: the first by name."""
        ready = (
            node["metadata"]["name"] for node in self._client.list(NODES).items
            if condition_is(node.get("status"), "Ready") and not (node.get("spec") or {}).get("unschedulable")
        )  # fmt: skip
        return min(ready, default="") == self._node

    def _provision(self, claim: Object) -> None:
        self._events.provisioning(claim)
        name = get_path(claim, "spec", "storageClassName", default="") or ""
        try:
            storage_class = self._client.get(STORAGE_CLASSES, name)
            if why := volumes.refusal(claim, storage_class):
                self._events.failed(claim, why)
                return  # until the claim changes
            path = directories.make(self._root, volumes.folder_of(claim))
            made = volumes.volume_for(claim, storage_class, self._node, path)
            with contextlib.suppress(AlreadyExists):
                self._client.create(VOLUMES, made)
        except (StatusError, OSError) as error:
            self._events.failed(claim, str(error))
            if isinstance(error, OSError):
                give_back(self._client, claim)
            raise
        self._events.provisioned(claim)

    def _expand(self, claim: Object, volume: Object, size: str) -> None:
        """Nothing of a directory has to grow: what is asked for is written down."""
        meta, name = claim["metadata"], volume["metadata"]["name"]
        self._events.resizing(claim, name)
        self._client.patch(VOLUMES, name, {"spec": {"capacity": {"storage": size}}})
        status: Object = copy(claim.get("status") or {})
        for condition in _RESIZING:
            remove_condition(status, condition)
        change = {
            "capacity": {"storage": size}, "allocatedResources": {"storage": size},
            "allocatedResourceStatuses": None, "conditions": status.get("conditions") or None,
        }  # fmt: skip
        patch = {"metadata": {"uid": meta["uid"]}, "status": change}
        self._client.patch(CLAIMS, meta["name"], patch, meta["namespace"], subresource="status")
        self._events.resized(claim)

    def _remove(self, volume: Object) -> None:
        try:
            directories.remove(Path(volume["spec"]["local"]["path"]), volume["metadata"]["name"])
        except OSError as error:
            self._events.not_deleted(volume, str(error))
            raise
        meta = volume["metadata"]
        with contextlib.suppress(NotFound):
            self._client.delete(VOLUMES, meta["name"], uid=meta["uid"])
            self._release(volume)

    def _release(self, volume: Object) -> None:
        drop_finalizer(self._client, VOLUMES, volume, FINALIZER)
