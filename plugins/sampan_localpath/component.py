"""The component: two informers, one queue, one thread that works it off. Part of the node's process."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import cast

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_client.queue import Item, Queue
from sampan_client.working import PASSING, work_off
from sampan_localpath.naming import PROVISIONER
from sampan_localpath.provisioner import Provisioner
from sampan_machinery.metadata import annotations_of, get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes.provisioning import ASKED_PROVISIONER, PROVISIONED_BY, volume_name

log = logging.getLogger(__name__)

_CLAIM, _VOLUME = 0, 1  # lanes of the queue


class Component:
    def __init__(self, running: Running) -> None:
        node = running.options.node_name
        root = Path(running.settings.directory or Path(running.home) / "volumes")
        self._events = Recorder(running.client, PROVISIONER, node)
        self._provisioner = Provisioner(running.client, self._events, root, node)
        self._queue = Queue((1, 1))
        self._volumes = Informer(running.client, VOLUMES, on_change=self._volume_changed, keep=_ours)
        self._claims = Informer(
            running.client, CLAIMS, on_change=self._claim_changed, on_synced=self._open, keep=_relevant
        )

    def start(self) -> None:
        self._volumes.start()
        self._claims.start()
        threading.Thread(target=self._work_off, name="localpath", daemon=True).start()

    def stop(self) -> None:
        self._claims.stop()
        self._volumes.stop()
        self._queue.close()
        self._events.close()

    def _open(self) -> None:
        for lane in (_CLAIM, _VOLUME):
            self._queue.open(lane)

    def _claim_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and new.get("spec"):
            self._queue.add(Item(_CLAIM, (new["metadata"]["namespace"], new["metadata"]["name"])))

    def _volume_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None or not new.get("spec"):
            return
        self._queue.add(Item(_VOLUME, ("", new["metadata"]["name"])))
        reference = new["spec"].get("claimRef") or {}
        self._queue.add(Item(_CLAIM, (reference.get("namespace", ""), reference.get("name", ""))))

    def _work_off(self) -> None:
        work_off(self._queue, self._one, log=log, what="localpath: work for %s", passing=(*PASSING, OSError))

    def _one(self, item: Item) -> None:
        namespace, name = cast(tuple[str, str], item.key)
        if item.lane == _VOLUME:
            if (volume := self._volumes.get(name)) is not None:
                self._provisioner.volume(volume)
        elif (claim := self._claims.get(name, namespace)) is not None:
            named = get_path(claim, "spec", "volumeName", default="")
            if not named and self._volumes.get(volume_name(claim)) is not None:
                return  # its volume is made, and not bound yet
            self._provisioner.claim(claim, self._volumes.get(named) if named else None)


def _ours(volume: Object) -> Object:
    """Of volumes of others nothing is kept but that they are there."""
    return _kept(volume, annotations_of(volume).get(PROVISIONED_BY) == PROVISIONER)


def _relevant(claim: Object) -> Object:
    return _kept(claim, annotations_of(claim).get(ASKED_PROVISIONER) == PROVISIONER)


def _kept(obj: Object, whole: bool) -> Object:
    meta = obj["metadata"]
    meta.pop("managedFields", None)
    if whole:
        return obj
    return {"metadata": {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in meta}}


def run(running: Running) -> None:
    component = Component(running)
    component.start()
    running.ready("local-path volumes are made on this node")
    try:
        running.stop.wait()
    finally:
        component.stop()
