"""Volumes of fake nodes: made for claims that chose one of them, removed with their claim. There is no storage."""

from __future__ import annotations

import contextlib
import queue
import threading

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_machinery.metadata import annotations_of, get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES

SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_NOWHERE = "/var/empty"


class FakeVolumes:
    """On a thread of its own (``start``), or in turns (``watch``, ``turn``: sampan.contracts.turns). ``nodes``: the
    names of the fake nodes; None: all nodes are."""

    def __init__(self, client: Client) -> None:
        self.nodes: set[str] | None = set()
        self._client = client
        self._work: queue.SimpleQueue[tuple[bool, Object] | None] = queue.SimpleQueue()
        self._informers = [
            Informer(client, resource, on_change=self._told(is_claim))
            for resource, is_claim in ((CLAIMS, True), (VOLUMES, False))
        ]
        for informer in self._informers:
            informer.optional = True  # a cluster of a few plugins has no volumes
        self._thread = threading.Thread(target=self._serve, name="fake volumes", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.watch()

    def stop(self) -> None:
        self.close()
        self._work.put(None)
        self._thread.join()

    def watch(self) -> None:
        for informer in self._informers:
            informer.start()

    def turn(self) -> bool:
        try:
            found = self._work.get_nowait()
        except queue.Empty:
            return False
        if found is not None:
            self._look_at(*found)
        return True

    def due(self) -> float | None:
        return None

    def close(self) -> None:
        for informer in self._informers:
            informer.stop()

    def _told(self, is_claim: bool):  # type: ignore[no-untyped-def]  # a handler of an informer
        return lambda old, new: self._work.put((is_claim, new)) if new is not None else None

    def _serve(self) -> None:
        while (found := self._work.get()) is not None:
            self._look_at(*found)

    def _look_at(self, is_claim: bool, obj: Object) -> None:
        with contextlib.suppress(StatusError, ConnectionError):  # made already, or the informer has newer state
            self._provision(obj) if is_claim else self._remove(obj)

    def _provision(self, claim: Object) -> None:
        annotations = annotations_of(claim)
        node, provisioner = annotations.get(SELECTED_NODE), annotations.get(PROVISIONER)
        if not node or not provisioner or get_path(claim, "spec", "volumeName", default=""):
            return
        if self.nodes is None or node in self.nodes:
            self._client.create(VOLUMES, _volume(claim, node, provisioner))

    def _remove(self, volume: Object) -> None:
        is_ours = get_path(volume, "spec", "hostPath", "path", default="") == _NOWHERE
        if is_ours and get_path(volume, "status", "phase", default="") == "Released":
            self._client.delete(VOLUMES, volume["metadata"]["name"], uid=volume["metadata"]["uid"])


def _volume(claim: Object, node: str, provisioner: str) -> Object:
    meta, spec = claim["metadata"], claim["spec"]
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]
    reference = {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    return {
        "metadata": {"name": f"pvc-{meta['uid']}", "annotations": {PROVISIONED_BY: provisioner}},
        "spec": {
            "accessModes": spec["accessModes"], "capacity": dict(spec["resources"]["requests"]),
            "claimRef": {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **reference},
            "hostPath": {"path": _NOWHERE}, "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
            "persistentVolumeReclaimPolicy": "Delete", "storageClassName": spec.get("storageClassName") or "",
            "volumeMode": spec.get("volumeMode") or "Filesystem",
        },
    }  # fmt: skip
