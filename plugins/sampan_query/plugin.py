"""Where sampan_query meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


def _query() -> click.Command:
    from sampan_query.commands import query

    return query


@hookimpl
def contribute_commands() -> list[Command]:
    return [Command(name="query", help="Ask live objects by SQL: select … from pods join nodes …", load=_query)]
