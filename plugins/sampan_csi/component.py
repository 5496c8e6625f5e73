"""The side-cars' part as a component: three informers, one queue, one thread. Does nothing unless a driver is named in
the settings. Part of the node's process."""

from __future__ import annotations

import logging
import threading
from functools import partial
from pathlib import Path
from typing import Any, cast

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object, Resource
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_client.queue import Item, Queue
from sampan_client.working import PASSING, work_off
from sampan_csi.drivers import Drivers
from sampan_csi.resizer import Resizer
from sampan_csi.settings import registry
from sampan_csi.sidecar import Sidecar
from sampan_csi.snapshots.naming import CONTENTS
from sampan_csi.snapshots.snapshotter import Snapshotter
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import VOLUME_ATTACHMENTS as ATTACHMENTS
from sampan_volumes.contracts import VolumeFailure
from sampan_volumes.provisioning import volume_name

log = logging.getLogger(__name__)

_LANES = (CLAIMS, VOLUMES, ATTACHMENTS, CONTENTS)


class Component:
    def __init__(self, running: Running, folder: Path) -> None:
        node = running.options.node_name
        self._queue = Queue((1,) * len(_LANES))
        self._events = Recorder(running.client, "csi-sidecar", node)
        self._informers = {
            resource: Informer(
                running.client, resource, on_change=partial(self._changed, resource), on_synced=self._synced
            )
            for resource in (_LANES if running.settings.snapshots else _LANES[:-1])
        }  # fmt: skip
        self._drivers = Drivers(folder, running.client, node, observing=True, on_change=self._all)
        parts = (running.client, self._events, self._drivers, running.settings.sidecar_of, node)
        self._sidecar = Sidecar(*parts)
        self._resizer = Resizer(*parts, is_first=self._sidecar.is_first)
        self._snapshotter = Snapshotter(*parts, is_first=self._sidecar.is_first)

    def start(self) -> None:
        for informer in self._informers.values():
            informer.start()
        self._drivers.start()
        threading.Thread(target=self._work_off, name="csi-sidecar", daemon=True).start()

    def stop(self) -> None:
        for informer in self._informers.values():
            informer.stop()
        self._queue.close()
        self._drivers.close()
        self._events.close()

    def _synced(self) -> None:
        if all(informer.synced for informer in self._informers.values()):
            for lane in range(len(_LANES)):
                self._queue.open(lane)

    def _add(self, resource: Resource, obj: Object) -> None:
        meta = obj["metadata"]
        self._queue.add(Item(_LANES.index(resource), (meta.get("namespace", ""), meta["name"])))

    def _changed(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._add(resource, new)
        elif resource == ATTACHMENTS and old is not None:
            name = get_path(old, "spec", "source", "persistentVolumeName", default="")
            self._queue.add(Item(_LANES.index(VOLUMES), ("", name)))

    def _all(self) -> None:
        """A driver has come."""
        for resource, informer in self._informers.items():
            for obj in informer.list():
                self._add(resource, obj)

    def _work_off(self) -> None:
        work_off(self._queue, self._one, log=log, what="csi: work for %s", passing=(*PASSING, VolumeFailure, OSError))

    def _one(self, item: Item) -> None:
        namespace, name = cast(tuple[str, str], item.key)
        resource = _LANES[item.lane]
        found: Any = self._informers[resource].get(name, namespace)
        if found is None:
            return
        if resource == CLAIMS:
            if named := get_path(found, "spec", "volumeName", default=""):
                if (volume := self._informers[VOLUMES].get(named)) is not None:
                    self._resizer.claim(found, volume)
            elif self._informers[VOLUMES].get(volume_name(found)) is None:  # else it is made, and not bound yet
                self._sidecar.claim(found)
        elif resource == VOLUMES:
            self._sidecar.volume(found, self._informers[ATTACHMENTS].list())
        elif resource == CONTENTS:
            self._snapshotter.content(found)
        else:
            named = get_path(found, "spec", "source", "persistentVolumeName", default="")
            self._sidecar.attachment(found, self._informers[VOLUMES].get(named) if named else None)


def run(running: Running) -> None:
    if not running.settings.sidecar_of:
        running.ready("no driver is named in plugins.csi.sidecar_of")
        running.stop.wait()
        return
    component = Component(running, registry(running.settings, Path(running.home).parent))
    component.start()
    running.ready(f"plays the side-cars' part for {', '.join(running.settings.sidecar_of)}")
    try:
        running.stop.wait()
    finally:
        component.stop()
