"""Hooks that extend the scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.reconciling import ReconcilerContext
    from sampan_scheduling.contracts import SchedulingPlugin

POINTS = (
    "less", "pre_filter", "filter", "filter_all", "post_filter", "score", "score_all", "reserve", "unreserve", "permit",
    "pre_bind",
)  # fmt: skip


@hookspec
def contribute_scheduling_plugins(context: ReconcilerContext) -> Sequence[SchedulingPlugin]:
    """Bring plugins for the scheduler's extension points.

    Called: once in each scheduler process, before it schedules.
    Answer: plugins; each is asked at every extension point whose Protocol it satisfies.
    Failure: raise; the plugin is left out and named.
    """


def wrong_with(plugin: Any) -> str:
    """Why it is no scheduling plugin, "" where it is one."""
    if not isinstance(getattr(plugin, "name", None), str) or not plugin.name:
        return f"{repr(plugin)[:60]} ({type(plugin).__name__}) has no name"
    weight = getattr(plugin, "weight", None)
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return f"{plugin.name}.weight must be a number, not {weight!r}"
    if not any(callable(getattr(plugin, point, None)) for point in POINTS):
        return f"{plugin.name} has none of the methods {', '.join(POINTS)}"
    return ""


#: What each element of an answer has to be.
CHECKS = {"contribute_scheduling_plugins": wrong_with}
