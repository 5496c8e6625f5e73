"""Claims, volumes, classes and what CSI drivers say, as the scheduler's volume plugins read them.

Watched from the first pod with a claim on, so that a cluster without claims pays nothing; what only CSI drivers bring
is watched from the first driver or CSI volume on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan_client.informers import Informer
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import (
    CSI_DRIVERS,
    CSI_NODES,
    CSI_STORAGE_CAPACITIES,
    STORAGE_CLASSES,
    VOLUME_ATTACHMENTS,
)
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_storage.matching import class_of_volume
from sampan_storage.scheduling.reservations import ClaimKey, key_of

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds that the first pod with a claim may keep the scheduler waiting
_FIRST = (CLAIMS, VOLUMES, STORAGE_CLASSES, CSI_DRIVERS)
_CSI = (CSI_NODES, CSI_STORAGE_CAPACITIES, VOLUME_ATTACHMENTS)


class VolumeObjects:
    """``on_claim(key)`` after a claim changed, ``on_other()`` after anything else did that pods may wait for."""

    def __init__(self, *, informer: Callable[..., Any] = Informer) -> None:
        self.on_claim: Callable[[ClaimKey], None] = lambda key: None
        self.on_other: Callable[[], None] = lambda: None
        self._make = informer
        self._client: Any = None
        self._informers: dict[Resource, Any] = {}
        self._lock = threading.Lock()
        self._late = False
        self._by_class: dict[str, dict[str, Object]] = {}  # class -> volumes that are not bound, by name

    def start(self, client: Any) -> None:
        self._client = client

    def stop(self) -> None:
        with self._lock:
            informers, self._informers, self._by_class = list(self._informers.values()), {}, {}
        for informer in informers:
            informer.stop()

    def ready(self) -> bool:
        """Whether all is known; begins to watch where it has not, and waits PATIENCE seconds that one time."""
        if not self._informers:
            self._watch(_FIRST)
            end = time.monotonic() + PATIENCE
            while late := self._unsynced():  # a CSI driver may add to them meanwhile
                if not late[0].wait_synced(max(0.0, end - time.monotonic())):
                    break
            else:
                return True
        # From here on the end of the wait is told; not before, for the scheduler's lock is held while it waits here.
        self._late = True
        return not self._unsynced()

    def _unsynced(self) -> list[Any]:
        return [informer for informer in list(self._informers.values()) if not informer.synced]

    def _watch(self, resources: Iterable[Resource]) -> None:
        with self._lock:
            fresh = [
                self._make(
                    self._client, resource, on_change=lambda old, new, it=resource: self._changed(it, old, new),
                    on_synced=self._synced,
                )
                for resource in resources if resource not in self._informers
            ]  # fmt: skip
            self._informers |= {informer.resource: informer for informer in fresh}
        for informer in fresh:
            informer.start()

    def _synced(self) -> None:
        if self._late:
            self.on_other()

    def _changed(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        obj = new or old
        assert obj is not None
        if resource == VOLUMES:
            self._index(old, new)
        if resource == CSI_DRIVERS or (resource == VOLUMES and "csi" in obj["spec"]):
            self._watch(_CSI)
        informer = self._informers.get(resource)
        if informer is None or not informer.synced:
            return  # part of the first complete state
        if resource == CLAIMS:
            self.on_claim(key_of(obj))
        else:
            self.on_other()

    def _index(self, old: Object | None, new: Object | None) -> None:
        with self._lock:
            if old is not None:
                self._by_class.get(class_of_volume(old), {}).pop(old["metadata"]["name"], None)
            if new is not None and get_path(new, "status", "phase", default="") in ("", "Available", "Pending"):
                self._by_class.setdefault(class_of_volume(new), {})[new["metadata"]["name"]] = new

    def _get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        informer = self._informers.get(resource)
        found: Object | None = None if informer is None else informer.get(name, namespace)
        return found

    def claim(self, key: ClaimKey) -> Object | None:
        return self._get(CLAIMS, key.name, key.namespace)

    def volume(self, name: str) -> Object | None:
        return self._get(VOLUMES, name)

    def storage_class(self, name: str) -> Object | None:
        return self._get(STORAGE_CLASSES, name)

    def driver(self, name: str) -> Object | None:
        return self._get(CSI_DRIVERS, name)

    def csi_node(self, name: str) -> Object | None:
        return self._get(CSI_NODES, name)

    def capacities(self) -> list[Object]:
        return self._all(CSI_STORAGE_CAPACITIES)

    def attachments(self) -> list[Object]:
        return self._all(VOLUME_ATTACHMENTS)

    def _all(self, resource: Resource) -> list[Object]:
        informer = self._informers.get(resource)
        return [] if informer is None else list(informer.list())

    def unbound_volumes(self, storage_class: str) -> list[Object]:
        with self._lock:
            return list(self._by_class.get(storage_class, {}).values())
