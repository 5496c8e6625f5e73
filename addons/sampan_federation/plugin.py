"""Where sampan_federation meets the platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.contracts.options import ManifestOptions
from sampan.hookspecs import hookimpl
from sampan_federation.settings import Settings

if TYPE_CHECKING:
    import click

    from sampan.contracts.kinds import Object
    from sampan.contracts.serving import AddedSubresource, ServerContext
    from sampan.contracts.turns import Turns

__all__ = ["Settings"]

USER = "system:sampan-federation"


def _run(running: Running) -> None:
    from sampan_federation.component import run

    run(running)


def _turns(running: Running, clock: Callable[[], float]) -> Turns:
    from sampan_federation.component import turns

    return turns(running, clock)


def _manifests(options: ManifestOptions) -> list[Object]:
    from sampan_federation.manifests import manifests

    return manifests(USER)


def _command() -> click.Command:
    from sampan_federation.commands import federation

    return federation


@hookimpl
def contribute_components() -> list[Component]:
    return [
        Component(
            name="federation", run=_run, turns=_turns, user=USER, process="federation", manifests=_manifests,
            elected=True, hooks=frozenset({"contribute_interpreters"}),
        )
    ]  # fmt: skip


@hookimpl
def contribute_subresources(context: ServerContext) -> list[AddedSubresource]:
    from sampan_federation.members.proxying import subresource

    return [subresource()]


@hookimpl
def contribute_commands() -> list[Command]:
    return [Command(name="federation", help="Join clusters, and see why a workload runs where it does.", load=_command)]
