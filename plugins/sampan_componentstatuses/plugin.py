"""Where sampan_componentstatuses meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_componentstatuses.kind import COMPONENT_STATUS

    return [COMPONENT_STATUS]
