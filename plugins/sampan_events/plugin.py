"""Where sampan_events meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl
from sampan_events.events import EVENT, FRESH_EVENT


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [EVENT, FRESH_EVENT]
