"""Hooks that run things: components, commands at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.checks import CheckContext, Finding
    from sampan.contracts.commands import Command
    from sampan.contracts.components import Component, Leftover


@hookspec
def contribute_components() -> Sequence[Component]:
    """Name what this plugin or add-on runs as a client of the API.

    Called: once by the supervisor and by each ``sampan run NAME``; must be cheap (no import of what only run needs).
    Answer: a sequence of Component.
    Failure: raise; the plugin's components are left out and named.
    """


@hookspec
def contribute_commands() -> Sequence[Command]:
    """Bring subcommands of ``sampan``.

    Called: by the command line, when a word is none of its own and for ``--help``; add-ons are asked whether they are
    enabled or not, for a command is a client of any cluster. Must be cheap: the command itself is imported by ``load``.
    Answer: a sequence of Command; a word that is taken is left out.
    Failure: raise; the plugin's commands are left out and named.
    """


@hookspec
def contribute_checks(context: CheckContext) -> Sequence[Finding]:
    """Look at what this plugin needs of this machine.

    Called: by ``sampan doctor``, whether a cluster runs or not. Only looks, and changes nothing.
    Answer: a sequence of Finding, each a sentence for the user; what is bad says the way out.
    Failure: raise; the plugin's findings are left out and named.
    """


@hookspec
def contribute_leftovers() -> Sequence[Leftover]:
    """Name what is outside of homes on this machine and was made by this plugin, for any cluster, running or not.

    Called: by ``sampan doctor``, which names those whose home does not exist any more. Only looks, and changes nothing.
    Answer: a sequence of Leftover.
    Failure: raise; the plugin's leftovers are left out and named.
    """
