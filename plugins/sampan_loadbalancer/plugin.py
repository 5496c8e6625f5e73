"""Where sampan_loadbalancer meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.components import Component, Leftover, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import Reconciler, ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_loadbalancer import pools
from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.loadbalancer``."""

    addresses: tuple[str, ...] = ()
    """Addresses that are given to Services of type LoadBalancer: 192.0.2.10, 192.0.2.10-192.0.2.20 or 192.0.2.16/28."""
    reserved: tuple[str, ...] = ()
    """Addresses that are given only to Services that ask for one of them by spec.loadBalancerIP."""
    interface: str = ""
    """Network interface that gets the addresses; empty: the one whose network has them, else the loopback interface."""
    own_class: str = "sampan.dev/loadbalancer"
    """The spec.loadBalancerClass that is served, besides none."""

    def __post_init__(self) -> None:
        entries = bounds.each(pools.check)
        bounds.require(self, addresses=entries, reserved=entries)

    @property
    def pool(self) -> bool:
        return bool(self.addresses or self.reserved)


def _run(running: Running) -> None:
    from sampan_loadbalancer.component import run

    run(running)


def _cleanup(home: str, options: ClusterOptions) -> None:
    from sampan_loadbalancer.component import cleanup

    cleanup(home, options)


@hookimpl
def contribute_reconcilers(context: ReconcilerContext) -> list[Reconciler]:
    if not context.settings.pool:
        return []
    from sampan_loadbalancer.allocating import reconciler

    settings = context.settings
    return [reconciler(pools.Pool(settings.addresses), pools.Pool(settings.reserved), settings.own_class)]


@hookimpl
def contribute_components() -> list[Component]:
    from sampan_loadbalancer.bootstrap import USER

    return [Component(name="loadbalancer", run=_run, user=USER, process="node", cleanup=_cleanup)]


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_loadbalancer.leftovers import leftovers

    return leftovers()


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_loadbalancer.bootstrap import objects

    return objects()
