"""The DNS add-on as a component: watches Services and EndpointSlices, answers, and registers itself as endpoint of its
Service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError, StatusError
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_dns.figures import Figures, register
from sampan_dns.manifests import NAME, NAMESPACE, endpoints
from sampan_dns.server import Server
from sampan_dns.upstream import Upstream, system_resolvers
from sampan_dns.zone import Zone
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import SERVICES

log = logging.getLogger(__name__)

EVERYWHERE = ("0.0.0.0", "::")
PATIENCE = 5  # seconds that a first list may take before it is said


class CurrentZone:
    """The present zone; built again at the first question after a change, so that a burst of changes costs one
    build."""

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

    def on_change(old: Object | None, new: Object | None) -> None:
        names.changed()
        if server is not None:
            server.flush()
            if _is_ours(old) or _is_ours(new):
                health.on_service(services.get(NAME, NAMESPACE))

    services = Informer(running.client, SERVICES, on_change=on_change)
    slices = Informer(running.client, SLICES, on_change=on_change)
    names = CurrentZone(options.cluster_domain, services, slices)
    services.start()
    slices.start()
    try:
        if not _wait_synced(running, services, slices):
            return
        address, port = listening_place(options, settings.address, settings.port)
        given = settings.upstream or system_resolvers()
        resolvers = [r for r in given if settings.upstream or r not in (address, options.dns_ip)]
        health = Health(running, resolvers)
        figures = Figures()
        upstream = Upstream(resolvers, figures=figures, on_health=health.on_upstream)
        try:
            server = Server(address, port, names.zone, upstream, figures)
        except ConfigError:
            upstream.socket.close()
            raise
        register(running.metrics, figures, lambda: len(services.list()))
        thread = threading.Thread(target=server.run, name="dns-server")
        thread.start()
        lead = OwnEndpointSlice(running.client, options.node_name, reachable(address, options), server.port)
        try:
            published = settings.publish and not has_selector(services) and lead.take()
            health.on_service(services.get(NAME, NAMESPACE))
            health.serves(_where(address, server.port, options, published=published), published=published)
            running.stop.wait()
        finally:
            server.stop()
            thread.join(timeout=5)
            lead.give_back()
    finally:
        services.stop()
        slices.stop()


def _wait_synced(running: Running, *informers: Informer) -> bool:
    """False where it was told to stop meanwhile."""
    waited = 0
    while not all(informer.wait_synced(1) for informer in informers):
        if running.stop.is_set():
            return False
        waited += 1
        if waited == PATIENCE:
            running.failing("Services and EndpointSlices cannot be watched; may this identity list and watch them?")
    return True


class Health:
    """Health of the add-on: where it answers, and whether upstream resolvers answer."""

    def __init__(self, running: Running, resolvers: Sequence[str]) -> None:
        self._running, self._resolvers = running, resolvers
        self._words, self._published = "", False
        self._upstream_well = True
        self._service = ""  # its address

    def serves(self, words: str, *, published: bool) -> None:
        self._words = words if self._resolvers else f"{words}; no resolver is known for other names"
        self._published = published
        self._say()

    def on_upstream(self, well: bool) -> None:
        self._upstream_well = well
        self._say()

    def on_service(self, service: Object | None) -> None:
        """It may have been made with another address than pods are told, which can never change."""
        before, self._service = self._service, str(((service or {}).get("spec") or {}).get("clusterIP") or "")
        if self._words and before != self._service:
            self._say()

    def _say(self) -> None:
        asked = self._running.options.dns_ip
        if self._published and asked and self._service not in ("", asked):
            self._running.failing(
                f"pods ask {asked}, but the Service {NAME} has {self._service}; "
                f"`sampan addons reset dns service/{NAME}` creates it again"
            )
        elif self._upstream_well:
            self._running.ready(self._words)
        else:
            self._say_upstream()

    def _say_upstream(self) -> None:
        """Where the Service selects this pod by its readiness, a failing upstream must not make cluster names
        unavailable."""
        trouble = f"no resolver answers for other names ({', '.join(self._resolvers)})"
        if self._published:
            self._running.failing(f"{trouble}; choose others with plugins.dns.upstream")
        else:
            log.warning("%s", trouble)
            self._running.ready(f"{self._words}; {trouble}")


class OwnEndpointSlice:
    """The EndpointSlice that makes this process an endpoint of the Service."""

    def __init__(self, client: Client, node: str, address: str, port: int) -> None:
        self._client = client
        self._slice = endpoints(address, port, node)
        self._version = ""  # as we left it

    def take(self) -> bool:
        metadata = self._slice["metadata"]
        answer = self._client.patch(
            SLICES, metadata["name"], self._slice, metadata["namespace"], how="apply", field_manager="sampan-dns",
            force=True,
        )  # fmt: skip
        self._version = answer["metadata"]["resourceVersion"]
        return True

    def give_back(self) -> None:
        """This process answers no more: empty the slice, unless another process has taken it over."""
        if not self._version:
            return
        metadata = self._slice["metadata"]
        try:
            self._client.delete(SLICES, metadata["name"], metadata["namespace"], resource_version=self._version)
        except (StatusError, ConnectionError) as error:
            log.debug("the EndpointSlice is left: %s", error)


def _is_ours(service: Object | None) -> bool:
    metadata = (service or {}).get("metadata") or {}
    return metadata.get("name") == NAME and metadata.get("namespace") == NAMESPACE


def has_selector(services: Informer) -> bool:
    """Whether the Service finds its endpoints itself: pods of a chart, or another DNS server's."""
    service = services.get(NAME, NAMESPACE)
    return bool(service and (service.get("spec") or {}).get("selector"))


def listening_place(options: ClusterOptions, address: str, port: int) -> tuple[str, int]:
    """Where to listen: as set; else where pods reach this machine. Behind nftables any free port will do."""
    return address or options.api_endpoint_ip, port


def reachable(address: str, options: ClusterOptions) -> str:
    """The address that others are told: one that means all of them cannot be it."""
    return options.api_endpoint_ip if address in EVERYWHERE else address


def _where(address: str, port: int, options: ClusterOptions, *, published: bool) -> str:
    place = f"{address}:{port}"
    if published and options.dns_ip:
        place = f"{options.dns_ip} ({place})"
    return f"names of {options.cluster_domain} are answered at {place}"
