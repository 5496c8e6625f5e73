"""Where sampan_joining meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


def _run(running: Running) -> None:
    from sampan_joining.renewal import run

    run(running)


def _has_joined(options: ClusterOptions) -> bool:
    """On the API server's machine certificates are issued by the authority itself, at each start."""
    return options.joined


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_joining.roles import objects

    return objects()


@hookimpl
def contribute_components() -> list[Component]:
    return [
        Component(
            name="renewal", run=_run, user="system:node:{node}", groups=("system:nodes",), process="node",
            suits=_has_joined,
        )
    ]  # fmt: skip


@hookimpl
def contribute_commands() -> list[Command]:
    return [
        Command(name="join", help="Make this machine a node of another machine's cluster.", load=_join),
        Command(name="token", help="Create, list and delete tokens with which machines join.", load=_token),
        Command(name="list", parent="node", help="Show the cluster's nodes.", load=_list),
        Command(name="drain", parent="node", help="Evict the pods of a node.", load=_drain),
        Command(name="remove", parent="node", help="Drain a node and delete it from the cluster.", load=_remove),
    ]


def _join() -> click.Command:
    from sampan_joining.joining import join

    return join


def _token() -> click.Command:
    from sampan_joining.tokens import token

    return token


def _list() -> click.Command:
    from sampan_joining.nodes import list_nodes

    return list_nodes


def _drain() -> click.Command:
    from sampan_joining.nodes import drain

    return drain


def _remove() -> click.Command:
    from sampan_joining.nodes import remove

    return remove
