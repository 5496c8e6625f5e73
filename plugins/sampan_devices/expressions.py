"""The CEL expressions that select devices: what they may name, and whether they compile.

``device`` has ``driver``, ``allowMultipleAllocations``, ``attributes`` and ``capacity``, the last two by domain and
then by name. Upstream refuses what may cost too much as well; the cost of an expression is not estimated here.

Source: k8s.io/dynamic-resource-allocation/cel.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from sampan_devices import limits

if TYPE_CHECKING:
    from sampan_cel import Environment

_REMEMBERED = 256  # expressions; a class is written seldom, its claims name the same ones often


def complaint(expression: str) -> str:
    """Why it cannot be used, as upstream says it; "" where it can."""
    return _complaint(expression) if len(expression) <= limits.EXPRESSION else ""


@lru_cache(_REMEMBERED)
def _complaint(expression: str) -> str:
    from sampan_cel import types  # here: a server without device classes need not load CEL
    from sampan_cel.errors import CompileError

    try:
        found = environment().compile(expression).type
    except CompileError as error:
        return f"compilation failed: {error}"
    if found in (types.BOOL, types.DYN):
        return ""
    return f"must evaluate to bool or the unknown type, not {found}"


@cache
def environment() -> Environment:
    from sampan_cel import Environment, types
    from sampan_cel.types import ObjectType, map_of
    from sampan_machinery.expressions import KUBERNETES
    from sampan_machinery.expressions.libraries import QUANTITY

    def by_domain(value: types.Type) -> types.Type:
        return map_of(types.STRING, map_of(types.STRING, value))

    device = ObjectType(
        "kubernetes.DRADevice",
        {
            "driver": types.STRING,
            "allowMultipleAllocations": types.BOOL,
            "attributes": by_domain(types.DYN),
            "capacity": by_domain(QUANTITY),
        },
    )
    return Environment({"device": device}, KUBERNETES)
