"""The DNS add-on as a component: watches Services and EndpointSlices, answers, and leads its Service to itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

from sampan.client.informers import Informer
from sampan.contracts.components import Running
from sampan.contracts.kinds import Resource
from sampan_dns.manifests import endpoints
from sampan_dns.server import Server
from sampan_dns.upstream import Upstream, system_resolvers
from sampan_dns.zone import Zone

log = logging.getLogger(__name__)

SERVICES = Resource("", "v1", "services", "Service")
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
LOOPBACK_PORT = 53


class Names:
    """The zone in force; made anew when asked for after a change, so that a burst of changes costs one making."""

    def __init__(self, domain: str, services: Informer, slices: Informer) -> None:
        self._domain = domain
        self._services = services
        self._slices = slices
        self._changes = 0
        self._made: tuple[int, Zone] | None = None  # of which change it is

    def changed(self) -> None:
        self._changes += 1

    def zone(self) -> Zone:
        made, changes = self._made, self._changes
        if made is None or made[0] != changes:
            # Counted before the objects are read: a change that comes meanwhile makes the next caller do it again.
            made = self._made = (changes, Zone(self._domain, self._services.list(), self._slices.list()))
        return made[1]


def run(running: Running) -> None:
    """Until stopped."""
    options, settings = running.options, running.settings
    server: Server | None = None

    def on_change(old: object, new: object) -> None:
        names.changed()
        if server is not None:
            server.flush()

    services = Informer(running.client, SERVICES, on_change=on_change)
    slices = Informer(running.client, SLICES, on_change=on_change)
    names = Names(str(options["cluster_domain"]), services, slices)
    services.start()
    slices.start()
    try:
        while not (services.wait_synced(1) and slices.wait_synced(1)):
            if running.stop.is_set():
                return
        address, port = listening_place(options, settings.address, settings.port)
        resolvers = settings.upstream or [r for r in system_resolvers() if r not in (address, options["dns_ip"])]
        server = Server(address, port, names.zone, Upstream(resolvers))
        thread = threading.Thread(target=server.run, name="dns-server")
        thread.start()
        try:
            where = f"{address}:{server.port}"
            if settings.register:
                lead_here(running, address, server.port)
                where = f"{options['dns_ip']} ({where})"
            running.ready(f"names of {options['cluster_domain']} are answered at {where}")
            running.stop.wait()
        finally:
            server.stop()
            thread.join(timeout=5)
    finally:
        services.stop()
        slices.stop()


def lead_here(running: Running, address: str, port: int) -> None:
    """The Service leads to this process from now on."""
    wanted = endpoints(address, port, str(running.options["node_name"]))
    running.client.patch(
        SLICES, wanted["metadata"]["name"], wanted, wanted["metadata"]["namespace"],
        how="apply", field_manager="sampan-dns", force=True,
    )  # fmt: skip


def listening_place(options: Mapping[str, Any], address: str, port: int) -> tuple[str, int]:
    """Where to listen: as set; else where pods reach this machine. Behind nftables any free port will do."""
    return address or str(options["api_endpoint_ip"]), port
