"""Where sampan_history meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Route, ServerContext
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def contribute_routes(context: ServerContext) -> list[Route]:
    from sampan_history.serving import routes

    return routes(context)


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_history.policy import bootstrap_objects

    return [each for each in bootstrap_objects() if context.resources_of(each["apiVersion"], each["kind"])]


def _history() -> click.Command:
    from sampan_history.commands.history import history

    return history


def _undelete() -> click.Command:
    from sampan_history.commands.undelete import undelete

    return undelete


def _get() -> click.Command:
    from sampan_history.commands.get import get

    return get


@hookimpl
def contribute_commands() -> list[Command]:
    return [
        Command(name="history", help="Show an object's revisions: what changed when, and by whom.", load=_history),
        Command(name="undelete", help="Create a deleted object again, as it was last.", load=_undelete),
        Command(name="get", help="Read objects as they were at an earlier moment.", load=_get),
    ]
