"""Where sampan_podnetwork meets the platform."""

from __future__ import annotations

from sampan.contracts.components import Component, Leftover, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_podnetwork.settings import Settings
from sampan_runtime.contracts import SandboxGuard

__all__ = ["Settings"]

_NAME = "podnetwork"  # of the component


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
