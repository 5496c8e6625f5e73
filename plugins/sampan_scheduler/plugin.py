"""Where sampan_scheduler meets the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.hookspecs import hookimpl
from sampan_scheduler.settings import Settings

if TYPE_CHECKING:
    import click

    from sampan.contracts.kinds import Object
    from sampan.contracts.reconciling import ReconcilerContext
    from sampan.contracts.turns import Turns
    from sampan_explain import Cause, Explainer, Objects

__all__ = ["Settings"]


def _run(running: Running) -> None:
    from sampan_scheduler.component import run

    run(running)


def _turns(running: Running, clock: Callable[[], float]) -> Turns:
    from sampan_scheduler.turns import SchedulerTurns

    return SchedulerTurns(running, clock)


@hookimpl
def contribute_components() -> list[Component]:
    return [
        Component(
            name="scheduler", run=_run, user="system:kube-scheduler", process="control", elected=True, turns=_turns,
            hooks=frozenset({"contribute_scheduling_plugins"}),
        )
    ]  # fmt: skip


def _whatif() -> click.Command:
    from sampan_scheduler.commands import whatif

    return whatif


@hookimpl
def contribute_explainers(context: ReconcilerContext) -> list[Explainer]:
    from sampan_explain import Explainer  # only where explanations are asked for: other processes need none of it

    def explain(pod: Object, objects: Objects) -> Iterable[Cause]:
        from sampan_scheduler.analysis.explaining import causes

        return causes(pod, objects, context.settings, context.hooks)

    return [Explainer(group="", kind="Pod", explain=explain)]


@hookimpl
def contribute_commands() -> list[Command]:
    text = "Run the scheduler alone, as a client of an API server; of several, one leads and the others stand by."
    return [
        Command(name="scheduler", help=text, runs=lambda component: component.name == "scheduler"),
        Command(
            name="whatif",
            help="Say where pods would go, without changing anything.",
            load=_whatif,
            hooks=frozenset({"contribute_scheduling_plugins"}),
        ),
    ]
