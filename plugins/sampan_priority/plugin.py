"""Where sampan_priority meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind, Object
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_priority.kind import PRIORITY_CLASS

    return [PRIORITY_CLASS]


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_priority.kind import bootstrap_objects

    return bootstrap_objects()


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_priority.admission import Priority

    return [Priority()]
