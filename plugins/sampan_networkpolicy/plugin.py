"""Where sampan_networkpolicy meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.components import Component, Leftover, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_runtime.contracts import SandboxGuard

_NAME = "networkpolicy"  # of the component


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.networkpolicy``."""

    unenforceable: str = "event"
    """What happens to a pod that policies select where they cannot be enforced (runtime exec, no right to use
    nftables): it starts with a Warning event (event), or it does not start (refuse)."""

    def __post_init__(self) -> None:
        bounds.require(self, unenforceable=bounds.one_of("event", "refuse"))


def _run(running: Running) -> None:
    from sampan_networkpolicy.component import run

    run(running)


def _cleanup(home: str, options: ClusterOptions) -> None:
    from sampan_networkpolicy.component import cleanup

    cleanup(home, options)


@hookimpl
def contribute_components() -> list[Component]:
    from sampan_networkpolicy.bootstrap import USER

    return [Component(name=_NAME, run=_run, user=USER, process="node", cleanup=_cleanup)]


@hookimpl
def contribute_sandbox_guards(options: ClusterOptions) -> list[SandboxGuard]:
    from sampan_networkpolicy.guarding import WaitingGuard

    return [WaitingGuard(options.home_id)] if _NAME in options.beside else []


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_networkpolicy.bootstrap import objects

    return objects()


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_networkpolicy.advice import NotEnforced

    return [NotEnforced(context.options.service_cidr)]


@hookimpl
def contribute_leftovers() -> list[Leftover]:
    from sampan_networkpolicy.leftovers import leftovers

    return leftovers()
