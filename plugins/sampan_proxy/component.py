"""The proxy as a component: watches Services and EndpointSlices, keeps them reachable on this node."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from typing import Protocol

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan_client.events import Recorder
from sampan_client.informers import Informer, OnChange
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import NODES, SERVICES
from sampan_nftables.kernel import open_kernel
from sampan_nftables.monitor import TableMonitor
from sampan_proxy.filtering import Filtering
from sampan_proxy.healthchecks import HealthChecks
from sampan_proxy.tracking import Tracker
from sampan_proxy.wanted import Frontend, Wanted

log = logging.getLogger(__name__)

TABLE_PREFIX = "sampan_"
SETTLE = 0.01  # seconds in which changes are gathered: a rollout changes many endpoints at once


class Proxier(Protocol):
    def apply(self, wanted: Wanted, changed: Collection[Frontend] | None = None) -> None: ...

    def forget(self) -> None: ...

    def close(self) -> None: ...


def table_name(options: ClusterOptions) -> str:
    """One table for each home: clusters of one machine would delete each other's rules in a shared table."""
    return f"{TABLE_PREFIX}{options.home_id}"


def run(running: Running) -> None:
    """Run until stopped; rules stay for the next start (``cleanup`` removes them)."""
    dirty = threading.Event()
    node = running.options.node_name
    tracker = Tracker(node)
    services = Informer(running.client, SERVICES, on_change=_then(tracker.service_changed, dirty))
    slices = Informer(running.client, SLICES, on_change=_then(tracker.slice_changed, dirty))
    zone = Informer(running.client, NODES, fields=f"metadata.name={node}", on_change=_then(tracker.node_changed, dirty))
    recorder = Recorder(running.client, "sampan-proxy", node)
    backend = choose(running.options, services, recorder)
    health = HealthChecks()
    lost = threading.Event()

    def on_loss() -> None:
        log.warning("the table of Services was removed by another program; it is written again")
        lost.set()
        dirty.set()

    monitor = TableMonitor(table_name(running.options), on_loss)
    if isinstance(backend, Filtering):
        monitor.start()
    informers = [services, slices]
    for informer in informers:
        informer.start()
    try:
        while not all(informer.wait_synced(1) for informer in informers):
            if running.stop.is_set():
                return
        watcher = threading.Thread(target=_wake_on_stop, args=(running.stop, dirty), daemon=True)
        watcher.start()
        dirty.set()
        first = True
        while dirty.wait() and not running.stop.is_set():
            running.stop.wait(0 if first else SETTLE)
            dirty.clear()
            if running.stop.is_set():  # its wake-up may just have been cleared
                return
            if tracker.zones_matter and zone not in informers:
                informers.append(zone)
                zone.start()
            changed = tracker.take()
            if gone := lost.is_set():
                lost.clear()
                backend.forget()
            if changed or first or gone:
                backend.apply(tracker.wanted, changed)
            health.apply(tracker.health)
            if first:
                running.ready(f"services are reachable through {type(backend).__name__.lower()}")
                first = False
    finally:
        for informer in informers:
            informer.stop()
        monitor.stop()
        backend.close()
        health.close()
        recorder.close()


def _then(handler: OnChange, dirty: threading.Event) -> OnChange:
    def changed(old: Object | None, new: Object | None) -> None:
        handler(old, new)
        dirty.set()

    return changed


def _wake_on_stop(stop: threading.Event, dirty: threading.Event) -> None:
    stop.wait()
    dirty.set()


def choose(options: ClusterOptions, services: Informer, recorder: Recorder) -> Proxier:
    """nftables where service addresses are routed ones and the right is there, forwarders on loopback otherwise."""
    cidr = options.service_cidr
    kernel = None if cidr.startswith("127.") else open_kernel()
    if kernel is not None:
        return Filtering(kernel, table_name(options), options.pod_cidr, cidr)
    if not cidr.startswith("127."):
        log.error("services at %s need nftables and the right to use it; they are not reachable until that is so", cidr)
    from sampan_proxy.forwarding import Forwarding

    def refused(front: Frontend, why: str) -> None:
        where = f"{front.address or 'node port'} {front.protocol}/{front.port}"
        log.warning("cannot listen on %s: %s", where, why)
        service = _service_of(services.list(), front)
        if service is not None:
            text = f"cannot listen on {where}: {why}; ports under 1024 need root or net.ipv4.ip_unprivileged_port_start"
            recorder.event(service, "Warning", "FailedToListen", text)

    return Forwarding(options.node_ip, refused)


def _service_of(services: list[Object], front: Frontend) -> Object | None:
    for service in services:
        ports = service["spec"].get("ports") or ()
        if service["spec"].get("clusterIP") == front.address and any(p["port"] == front.port for p in ports):
            return service
        if not front.address and any(p.get("nodePort") == front.port for p in ports):
            return service
    return None


def cleanup(home: str, options: ClusterOptions) -> None:
    """Take the rules away."""
    if options.service_cidr.startswith("127."):
        return
    kernel = open_kernel()
    if kernel is not None:
        Filtering(kernel, table_name(options), "").remove()
