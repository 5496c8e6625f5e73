"""Where sampan_why meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


def _why() -> click.Command:
    from sampan_why.commands import why

    return why


@hookimpl
def contribute_commands() -> list[Command]:
    return [
        Command(
            name="why", help="Say why an object is as it is, or why a request is refused, and what mends it.",
            load=_why, hooks=frozenset({"contribute_explainers"}),
        )
    ]  # fmt: skip
