"""Where the score meets the platform: wiring only."""

from __future__ import annotations

from dataclasses import dataclass

from preferred_nodes.score import PreferredNodes
from sampan.contracts.reconciling import ReconcilerContext
from sampan.hookspecs import hookimpl
from sampan_scheduling.contracts import SchedulingPlugin


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.preferred``."""

    label: str = "example.org/preferred"
    """The label of a node that is preferred: ``true``, or a number from 0 to 100 for how much."""

    weight: int = 10
    """How much this counts beside the scheduler's own scores, which weigh 1 to 3."""


@hookimpl
def contribute_scheduling_plugins(context: ReconcilerContext) -> list[SchedulingPlugin]:
    return [PreferredNodes(context.settings.label, context.settings.weight)]
