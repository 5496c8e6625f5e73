"""Claims, classes and slices as the scheduler's plugin for devices reads them.

Watched from the first pod with a claim on, so that a cluster without claims pays nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan_client.informers import Informer
from sampan_devices.allocation import selectors
from sampan_devices.allocation.pools import Pools
from sampan_devices.allocation.records import Candidate
from sampan_devices.scheduling.extended import is_made_for
from sampan_devices.scheduling.ledger import Ledger
from sampan_machinery.resources import DEVICE_CLASSES, RESOURCE_CLAIMS, RESOURCE_SLICES
from sampan_podspec.device_claims import allocation_of

PATIENCE = 1.0  # seconds that the first pod with a claim may keep the scheduler waiting
_ALL = (RESOURCE_CLAIMS, DEVICE_CLASSES, RESOURCE_SLICES)


class DeviceObjects:
    """``on_claim(claim, freed)`` after a claim changed, ``on_other()`` after anything else did."""

    def __init__(self, ledger: Ledger, *, informer: Callable[..., Any] = Informer) -> None:
        self.on_claim: Callable[[Object, bool], None] = lambda claim, freed: None
        self.on_other: Callable[[], None] = lambda: None
        self._ledger, self._make = ledger, informer
        self._client: Any = None
        self._informers: dict[Resource, Any] = {}
        self._lock = threading.Lock()
        self._late = False
        self._pools: Pools | None = None
        self._matched: dict[str, tuple[str, dict[tuple[str, str], bool]]] = {}  # by slice, with its revision

    def start(self, client: Any) -> None:
        self._client = client

    def stop(self) -> None:
        with self._lock:
            informers, self._informers = list(self._informers.values()), {}
        for informer in informers:
            informer.stop()

    def ready(self) -> bool:
        """Whether all is known; begins to watch where it has not, and waits PATIENCE seconds that one time."""
        if not self._informers:
            self._watch()
            end = time.monotonic() + PATIENCE
            if all(each.wait_synced(max(0.0, end - time.monotonic())) for each in self._informers.values()):
                return True
        # From here on the end of the wait is told; not before, for the scheduler's lock is held while it waits here.
        self._late = True
        return all(each.synced for each in list(self._informers.values()))

    def _watch(self) -> None:
        for resource in _ALL:
            changed = self._claim_changed if resource == RESOURCE_CLAIMS else partial(self._other_changed, resource)
            informer = self._make(self._client, resource, on_change=changed, on_synced=self._synced)
            with self._lock:
                self._informers[resource] = informer
            informer.start()

    def _synced(self) -> None:
        if self._late:
            self.on_other()

    def _claim_changed(self, old: Object | None, new: Object | None) -> None:
        claim = new or old
        assert claim is not None
        freed = False
        if old is not None and (new is None or old["metadata"]["uid"] != new["metadata"]["uid"]):
            freed = self._ledger.see(old["metadata"]["uid"], None)
        if new is not None:
            freed = self._ledger.see(new["metadata"]["uid"], allocation_of(new)) or freed
        if self._is_synced(RESOURCE_CLAIMS):
            self.on_claim(claim, freed)

    def _other_changed(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        if resource == RESOURCE_SLICES:
            self._pools = None
            if old is not None and new is None:
                self._matched.pop(old["metadata"]["name"], None)
        if self._is_synced(resource):
            self.on_other()

    def _is_synced(self, resource: Resource) -> bool:
        informer = self._informers.get(resource)
        return informer is not None and informer.synced

    def _get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        informer = self._informers.get(resource)
        found: Object | None = None if informer is None else informer.get(name, namespace)
        return found

    def claim(self, namespace: str, name: str) -> Object | None:
        return self._get(RESOURCE_CLAIMS, name, namespace)

    def device_class(self, name: str) -> Object | None:
        return self._get(DEVICE_CLASSES, name)

    def device_classes(self) -> list[Object]:
        informer = self._informers.get(DEVICE_CLASSES)
        return [] if informer is None else list(informer.list())

    def made_for(self, pod: Object) -> Object | None:
        """The claim that was made for the pod's extended resources in an earlier cycle."""
        informer = self._informers.get(RESOURCE_CLAIMS)
        claims = () if informer is None else informer.list()
        namespace = pod["metadata"]["namespace"]
        found = (each for each in claims if each["metadata"]["namespace"] == namespace and is_made_for(each, pod))
        return next(found, None)

    def pools(self) -> Pools:
        """Of the slices as they are now; indexed again only after one changed."""
        found = self._pools
        if found is None:
            informer = self._informers.get(RESOURCE_SLICES)
            found = Pools([] if informer is None else informer.list())
            self._pools = found
        return found

    def matches(self, expression: str, candidate: Candidate) -> bool:
        """Remembered as long as the slice stays as it is: thousands of nodes with the same devices ask the same."""
        meta = candidate.slice["metadata"]
        revision, known = self._matched.get(meta["name"], ("", {}))
        if revision != meta.get("resourceVersion"):
            known = {}
            self._matched[meta["name"]] = meta.get("resourceVersion") or "", known
        key = expression, candidate.id.device
        if (found := known.get(key)) is None:
            found = known[key] = selectors.matches(expression, candidate.id.driver, candidate.device)
        return found
