"""Where sampan_logging meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.hookspecs import hookimpl
from sampan_logging.manifests import USER, manifests
from sampan_logging.settings import Settings

if TYPE_CHECKING:
    import click

    from sampan.contracts.reconciling import ReconcilerContext
    from sampan_logging.dashboard import LogSearch

__all__ = ["Settings"]


def _search() -> click.Command:
    from sampan_logging.search import command

    return command


def _account() -> click.Command:
    from sampan_logging.account import command

    return command


def _run(running: Running) -> None:
    from sampan_logging.component import run

    run(running)


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="logging", run=_run, user=USER, process="logging", manifests=manifests)]


@hookimpl
def contribute_commands() -> list[Command]:
    return [
        Command(name="search", parent="logs", help="Find lines of containers in Elasticsearch.", load=_search),
        Command(name="account", parent="logs", help="Say what became of every line that was read.", load=_account),
    ]


@hookimpl
def contribute_dashboard_pages(context: ReconcilerContext) -> list[LogSearch]:
    from sampan_logging.dashboard import LogSearch

    return [LogSearch(context.settings)]
