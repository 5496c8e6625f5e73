"""What is wanted, kept up to date Service by Service: a change costs what its own Service has, however many there are.

Informers tell of changes on their thread; the component's thread takes them. Knows neither nftables nor sockets.
"""

from __future__ import annotations

import threading

from sampan.contracts.kinds import Object
from sampan_proxy.wanted import Frontend, ServiceKey, Wanted, health_check, of_service, service_key, service_of_slice

ZONE_LABEL = "topology.kubernetes.io/zone"


class Tracker:
    """``wanted`` is changed by ``take`` alone; of several Services that claim a frontend, the first by name has it."""

    def __init__(self, node: str) -> None:
        self.wanted: Wanted = {}
        self.health: dict[int, tuple[ServiceKey, int]] = {}  # health check node port → Service, endpoints on this node
        self.zones_matter = False  # whether any endpoint has a hint for zones
        self._node, self._zone = node, ""
        self._lock = threading.Lock()
        self._services: dict[ServiceKey, Object] = {}
        self._slices: dict[ServiceKey, dict[str, Object]] = {}
        self._dirty: set[ServiceKey] = set()
        self._parts: dict[ServiceKey, Wanted] = {}
        self._claims: dict[Frontend, set[ServiceKey]] = {}
        self._ports: dict[ServiceKey, int] = {}

    def service_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        one = new or old
        assert one is not None
        key = service_key(one)
        with self._lock:
            if new is None:
                self._services.pop(key, None)
            else:
                self._services[key] = new
            self._dirty.add(key)

    def slice_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        with self._lock:
            if old is not None and (key := service_of_slice(old)):
                found = self._slices.get(key, {})
                found.pop(old["metadata"]["name"], None)
                if not found:
                    self._slices.pop(key, None)
                self._dirty.add(key)
            if new is not None and (key := service_of_slice(new)):
                self._slices.setdefault(key, {})[new["metadata"]["name"]] = new
                self._dirty.add(key)
                self.zones_matter = self.zones_matter or _has_zones(new)

    def node_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler, for this node: its zone counts for hints."""
        zone = (((new or {}).get("metadata") or {}).get("labels") or {}).get(ZONE_LABEL, "")
        with self._lock:
            if zone != self._zone:
                self._zone = zone
                self._dirty.update(self._services)

    def take(self) -> set[Frontend]:
        """Bring ``wanted`` up to date; returns the frontends that have changed."""
        with self._lock:
            dirty, self._dirty = self._dirty, set()
            found = {key: (self._services.get(key), list(self._slices.get(key, {}).values())) for key in dirty}
        changed: set[Frontend] = set()
        for key, (service, slices) in found.items():
            part = of_service(service, slices, self._node, self._zone) if service is not None else {}
            changed |= self._replace(key, part)
            self._check_health(key, service, slices)
        return {front for front in changed if self._settle(front)}

    def _replace(self, key: ServiceKey, part: Wanted) -> set[Frontend]:
        before = self._parts.pop(key, {})
        if part:
            self._parts[key] = part
        for front in before.keys() - part.keys():
            self._claims[front].discard(key)
        for front in part.keys() - before.keys():
            self._claims.setdefault(front, set()).add(key)
        return {front for front in before.keys() | part.keys() if before.get(front) != part.get(front)}

    def _settle(self, front: Frontend) -> bool:
        """Whether what is wanted of it has changed."""
        claims, before = self._claims[front], self.wanted.get(front)
        if not claims:
            del self._claims[front]
            return self.wanted.pop(front, None) is not None
        self.wanted[front] = self._parts[min(claims)][front]
        return self.wanted[front] != before

    def _check_health(self, key: ServiceKey, service: Object | None, slices: list[Object]) -> None:
        port, count = health_check(service, slices, self._node) if service is not None else (0, 0)
        old = self._ports.pop(key, 0)
        if old and old != port and self.health.get(old, ("", 0))[0] == key:
            del self.health[old]
        if port:
            self._ports[key] = port
            self.health[port] = key, count


def _has_zones(slice_: Object) -> bool:
    return any((endpoint.get("hints") or {}).get("forZones") for endpoint in slice_.get("endpoints") or ())
