"""Where sampan_node meets the platform."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.checks import CheckContext, Finding
from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_node.settings import Settings

__all__ = ["Settings"]

TOLD_WITHIN = 10.0  # seconds


def run(running: Running) -> None:
    from sampan_node.agent import run as run_agent

    run_agent(running)


def shutdown_seconds(settings: Settings | None) -> float:
    """How long ending the pods may take when the machine goes down, and a moment more to tell the API."""
    seconds = sum(one.seconds for one in settings.shutdown_periods()) if settings else 0
    return seconds + TOLD_WITHIN if seconds else 0.0


def clean_up(home: str, options: ClusterOptions) -> None:
    from sampan_node.runtimes import clean_up as remove_all

    remove_all(home, options)


@hookimpl
def contribute_components() -> Sequence[Component]:
    return [
        Component(
            name="node", run=run, user="system:node:{node}", groups=("system:nodes",), process="node", cleanup=clean_up,
            stop_seconds=shutdown_seconds,
            hooks=frozenset(
                {
                    "provide_runtime", "contribute_runtimes", "contribute_sandbox_guards", "contribute_volume_mounters",
                    "contribute_claimed_devices",
                }
            ),
        )
    ]  # fmt: skip


@hookimpl
def contribute_checks(context: CheckContext) -> Sequence[Finding]:
    from sampan_node import checks

    return checks.runtime(context)


@hookimpl
def contribute_commands() -> Sequence[Command]:
    text = "Run this machine's node alone: its agent and its service proxy, as clients of an API server."
    return [Command(name="node", help=text, runs=lambda component: component.process == "node")]
