"""Subcommands of `sampan` that plugins and add-ons bring: clients of a cluster, run by a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from sampan.contracts.components import Component, Hooks


@dataclass(frozen=True)
class Place:
    """Where a command is run, as its ``ctx.obj`` (``@click.pass_obj``)."""

    home: str  # of the cluster, as --home and $SAMPAN_HOME say; it need not exist
    kubeconfig: str  # $KUBECONFIG, else the administrator's in home; the file need not exist
    settings: Any = None  # the plugin's own Settings record, None where it has none
    hooks: Hooks | None = None  # those of ``Command.hooks``; None where no other plugin can be asked (tests)
    components: Callable[[], Sequence[Component]] = tuple  # those of all enabled plugins


@dataclass(frozen=True, kw_only=True)
class Command:
    """One subcommand, or a whole group of them. A word that is taken already (by sampan itself, or by a plugin whose
    name sorts before) is left out and said so in the log."""

    name: str  # the word to type
    help: str  # one line for `sampan --help`
    #: Imports and returns it when it is called, never before: `sampan` must start fast. Its ``ctx.obj`` is a Place.
    load: Callable[[], click.Command] | None = None
    #: In place of ``load``: the command runs those components alone, in the foreground, as `sampan run` does.
    runs: Callable[[Component], bool] | None = None
    #: "" for `sampan NAME`; "logs" for `sampan logs NAME`, where `sampan logs` alone goes on working as it did. Any
    #: command of sampan's that takes no positional arguments can be a parent.
    parent: str = ""
    hooks: frozenset[str] = frozenset()  # which it asks of other plugins
