"""Where sampan_metrics meets the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_metrics.manifests import USER, manifests

if TYPE_CHECKING:
    import click

    from sampan_metrics.dashboard import Usage


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.metrics``."""

    interval: float = 15.0
    """Seconds between two looks at every node."""
    address: str = ""
    """Address that the API is served on, for the API server to reach; empty: where pods reach this machine."""
    port: int = 0
    """Port that the API is served on; 0: a free one, which is right wherever a Service leads to it."""
    endpoints: bool = True
    """Whether the add-on leads its Service to itself; false where the Service selects its pod."""
    register: bool = True
    """Whether the add-on writes its certificate's authority into the APIService; false: a chart or an operator does."""
    prometheus: str = ""
    """HOST:PORT for plain HTTP at which /metrics has the figures of nodes and containers; empty: nowhere."""
    history: bool = True
    """Whether what was measured is kept in a file in the add-on's home."""
    history_hours: float = 24.0
    """How long it is kept: the last hour as measured, what is older as averages over five minutes."""
    history_megabytes: int = 64
    """Most that the file may take; what is oldest goes first."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            interval=bounds.number(0.1),
            address=bounds.optional(bounds.host),
            port=bounds.PORT,
            prometheus=bounds.optional(bounds.listening),
            history_hours=bounds.number(0),
            history_megabytes=bounds.number(1),
        )


def _run(running: Running) -> None:
    from sampan_metrics.component import run

    run(running)


def _command() -> click.Command:
    from sampan_metrics.commands import metrics

    return metrics


@hookimpl
def contribute_components() -> list[Component]:
    return [Component(name="metrics", run=_run, user=USER, process="metrics", manifests=manifests)]


@hookimpl
def contribute_commands() -> list[Command]:
    return [Command(name="metrics", help="Show what pods and nodes have used.", load=_command)]


@hookimpl
def contribute_dashboard_columns() -> list[Usage]:
    from sampan_metrics.dashboard import Usage

    return [Usage("nodes", wide=False), Usage("pods", wide=True)]
