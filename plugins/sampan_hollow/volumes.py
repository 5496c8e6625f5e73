"""Volumes of hollow nodes: made for claims that chose one of them, removed with their claim. There is no storage.

Only for provisioners that run on the node itself, which a hollow node cannot: central ones make volumes for hollow
nodes as for any.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Collection

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, StatusError
from sampan_client import Client
from sampan_client.hub import start_thread
from sampan_client.informers import Informer
from sampan_machinery.metadata import annotations_of, get_path, is_deleting
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES

log = logging.getLogger(__name__)

SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
NOWHERE = "/var/empty"  # where the volumes of hollow nodes are said to be
_TRIES = 5


class Volumes:
    """``is_hollow(node)``: whether that node is one of these; may block. ``provisioners``: whose claims get volumes."""

    def __init__(self, client: Client, provisioners: Collection[str], is_hollow: Callable[[str], bool]) -> None:
        self._client, self._provisioners, self._is_hollow = client, provisioners, is_hollow
        self._thread: threading.Thread | None = None
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._informers = [
            Informer(client, CLAIMS, on_change=self._claim_changed, keep=_without_labels),
            Informer(client, VOLUMES, on_change=self._volume_changed, keep=_without_labels),
        ]
        for informer in self._informers:
            informer.optional = True  # a cluster of a few plugins has no volumes

    def start(self) -> None:
        self._thread = start_thread(self._serve, "hollow volumes")
        for informer in self._informers:
            informer.start()

    def stop(self) -> None:
        for informer in self._informers:
            informer.stop()
        self._work.put(None)
        if self._thread is not None:
            self._thread.join(5)

    def _claim_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and wants_volume(new, self._provisioners):
            self._work.put(lambda: self._provision(new))

    def _volume_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and is_free(new):
            meta = new["metadata"]
            self._work.put(lambda: self._try(lambda: self._client.delete(VOLUMES, meta["name"], uid=meta["uid"])))

    def _provision(self, claim: Object) -> None:
        if self._is_hollow(chosen_node(claim)):
            self._try(lambda: self._client.create(VOLUMES, volume_for(claim)))

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            job()

    def _try(self, write: Callable[[], object]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                write()
                return
            except (AlreadyExists, NotFound):
                return
            except (StatusError, OSError) as error:
                if not left:
                    log.warning("hollow: a volume could not be written: %s", error)


def chosen_node(claim: Object) -> str:
    return annotations_of(claim).get(SELECTED_NODE) or ""


def wants_volume(claim: Object, provisioners: Collection[str]) -> bool:
    """A claim that is not bound, has a node, and waits for one of the provisioners."""
    is_open = not get_path(claim, "spec", "volumeName", default="") and not is_deleting(claim)
    return is_open and bool(chosen_node(claim)) and annotations_of(claim).get(PROVISIONER) in provisioners


def is_free(volume: Object) -> bool:
    """Made here, to be deleted with its claim, and that is gone."""
    spec = volume["spec"]
    is_ours = get_path(spec, "hostPath", "path", default="") == NOWHERE and PROVISIONED_BY in annotations_of(volume)
    is_released = get_path(volume, "status", "phase", default="") == "Released" and not is_deleting(volume)
    return is_ours and is_released and spec.get("persistentVolumeReclaimPolicy") == "Delete"


def volume_for(claim: Object) -> Object:
    meta, spec = claim["metadata"], claim["spec"]
    node, provisioner = chosen_node(claim), annotations_of(claim)[PROVISIONER]
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1"}
    reference |= {name: meta[name] for name in ("namespace", "name", "uid")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{meta['uid']}", "annotations": {PROVISIONED_BY: provisioner}},
        "spec": {
            "accessModes": list(spec.get("accessModes") or ()),
            "capacity": {"storage": get_path(spec, "resources", "requests", "storage", default="0")},
            "claimRef": reference,
            "hostPath": {"path": NOWHERE},
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec.get("storageClassName") or "",
            "volumeMode": spec.get("volumeMode") or "Filesystem",
        },
    }


def _without_labels(obj: Object) -> Object:
    return {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k not in ("managedFields", "labels")}}
