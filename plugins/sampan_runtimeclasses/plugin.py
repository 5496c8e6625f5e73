"""Where sampan_runtimeclasses meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl
from sampan_runtimeclasses.admission import Overhead, RuntimeClass
from sampan_runtimeclasses.kind import RUNTIME_CLASS


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [RUNTIME_CLASS]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    return [RuntimeClass(), Overhead()]
