"""Where sampan_priority meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind, Object
from sampan.hookspecs import hookimpl
from sampan_priority.admission import Priority
from sampan_priority.kind import PRIORITY_CLASS, bootstrap_objects


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [PRIORITY_CLASS]


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    return bootstrap_objects()


@hookimpl
def contribute_admitters() -> list[Admitter]:
    return [Priority()]
