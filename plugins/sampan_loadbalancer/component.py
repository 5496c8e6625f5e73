"""The component in the node's process: announces the addresses that are this node's share."""

from __future__ import annotations

import logging
import threading

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.errors import SampanError
from sampan_client.informers import Informer
from sampan_loadbalancer.electing import announced
from sampan_loadbalancer.holding import Holding
from sampan_machinery.resources import ENDPOINT_SLICES, NODES, SERVICES
from sampan_nftables.kernel import open_kernel

log = logging.getLogger(__name__)

SETTLE = 0.05  # seconds in which changes are gathered
AGAIN = 5.0  # seconds after a failure
REPEAT = 1.0  # seconds between announcements of a new address


def table_name(options: ClusterOptions) -> str:
    return f"sampanlb_{options.home_id}"


def run(running: Running) -> None:
    """Run until stopped; addresses stay, so that Services work while this process restarts."""
    settings, dirty = running.settings, threading.Event()
    if not settings.pool:
        running.ready("no pool of addresses is set: Services of type LoadBalancer wait for another load balancer")
        running.stop.wait()
        return

    def changed(old: Object | None, new: Object | None) -> None:
        dirty.set()

    informers = services, nodes, slices = tuple(
        Informer(running.client, resource, on_change=changed) for resource in (SERVICES, NODES, ENDPOINT_SLICES)
    )
    holding = Holding(running.home, open_kernel(), table_name(running.options), interface=settings.interface)
    for informer in informers:
        informer.start()
    try:
        while not all(informer.wait_synced(1) for informer in informers):
            if running.stop.is_set():
                return
        threading.Thread(target=_wake_on_stop, args=(running.stop, dirty), daemon=True).start()
        dirty.set()
        told = False
        while not running.stop.is_set():
            if not dirty.wait(REPEAT if holding.repeats else None):
                _repeat(holding)
                continue
            running.stop.wait(SETTLE if told else 0)
            dirty.clear()
            if running.stop.is_set():  # its wake-up may just have been cleared
                return
            wanted = announced(
                services.list(), nodes.list(), slices.list(), running.options.node_name, settings.own_class
            )
            try:
                holding.apply(wanted)
            except (OSError, SampanError) as error:
                log.error("addresses of load balancers cannot be announced: %s", error)
                running.failing(f"addresses of load balancers cannot be announced: {error}")
                told = False
                running.stop.wait(AGAIN)
                dirty.set()
                continue
            if not told:
                running.ready("addresses of load balancers are announced")
                told = True
    finally:
        for informer in informers:
            informer.stop()


def _repeat(holding: Holding) -> None:
    try:
        holding.repeat()
    except OSError as error:
        log.warning("addresses of load balancers were not announced again: %s", error)


def _wake_on_stop(stop: threading.Event, dirty: threading.Event) -> None:
    stop.wait()
    dirty.set()


def cleanup(home: str, options: ClusterOptions) -> None:
    """Take addresses and rules away."""
    Holding(home, open_kernel(), table_name(options)).remove()
