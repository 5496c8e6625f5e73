"""Where sampan_podnetwork meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.components import Component, Leftover, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_runtime.contracts import SandboxGuard

_NAME = "podnetwork"  # of the component


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.podnetwork``; the same on all nodes."""

    backend: str = "auto"
    """How other nodes are reached: auto (by a route on one segment, by VXLAN elsewhere), route or vxlan."""
    vxlan_id: int = 0
    """VXLAN identifier; 0: one made of the cluster's authority."""
    vxlan_port: int = 8472
    """UDP port of VXLAN, which firewalls between nodes have to let through."""

    def __post_init__(self) -> None:
        bounds.require(
            self, backend=bounds.one_of("auto", "route", "vxlan"), vxlan_id=bounds.number(0, (1 << 24) - 1),
            vxlan_port=bounds.number(1, 65535),
        )  # fmt: skip


def _run(running: Running) -> None:
    from sampan_podnetwork.component import run

    run(running)


def _cleanup(home: str, options: ClusterOptions) -> None:
    from sampan_podnetwork.component import cleanup

    cleanup(home, options)


def _is_routed(options: ClusterOptions) -> bool:
    return options.network_mode == "routed"


@hookimpl
def contribute_components() -> list[Component]:
    from sampan_podnetwork.bootstrap import USER

    return [Component(name=_NAME, run=_run, user=USER, process="node", cleanup=_cleanup, suits=_is_routed)]


@hookimpl
def contribute_sandbox_guards(options: ClusterOptions) -> list[SandboxGuard]:
    from sampan_podnetwork.guarding import NetworkGuard

    return [NetworkGuard(options.home_id)] if _NAME in options.beside else []


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_podnetwork.bootstrap import objects

    return objects()


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_podnetwork.leftovers import leftovers

    return leftovers()
