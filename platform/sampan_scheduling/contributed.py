"""Asking for scheduling plugins."""

from __future__ import annotations

from sampan.contracts.components import Contributed, Hooks
from sampan_scheduling.contracts import SchedulingPlugin

HOOK = "contribute_scheduling_plugins"


def scheduling_plugins(hooks: Hooks | None) -> list[Contributed[SchedulingPlugin]]:
    """Each one with who contributes it; none where no other plugin can be asked."""
    if hooks is None:
        return []
    return [Contributed(found.plugin, plugin, found.isolation) for found in hooks.ask(HOOK) for plugin in found.answer]
