"""Where sampan_runtimeclasses meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_runtimeclasses.kind import RUNTIME_CLASS

    return [RUNTIME_CLASS]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_runtimeclasses.admission import Overhead, RuntimeClass

    return [RuntimeClass(), Overhead()]
