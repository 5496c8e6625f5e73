"""Where sampan_componentstatuses meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl
from sampan_componentstatuses.kind import COMPONENT_STATUS


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [COMPONENT_STATUS]
