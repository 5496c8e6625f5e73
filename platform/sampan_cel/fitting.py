"""Which types fit which: of arguments for the parameters of functions, and of the elements of one list.

``dyn`` fits everything. Source: cel-go, checker/types.go (meaning).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sampan_cel import types
from sampan_cel.types import DYN, ERROR, INT, ObjectType, Type


def is_number(found: Type) -> bool:
    return found in (INT, types.UINT, types.DOUBLE, DYN)


def fits(want: Type, has: Type, bound: dict[str, Type]) -> bool:
    """Whether a value of type ``has`` may be given for ``want``; placeholders are bound on the way."""
    if want.param:
        known = bound.get(want.name)
        if known is None or known == DYN:
            bound[want.name] = has
            return True
        if fits(known, has, {}):
            return True
        if has == DYN or fits(has, known, {}):
            bound[want.name] = has if has != DYN else known
            return True
        return False
    if want == DYN or has in (DYN, ERROR) or has.param:
        return True
    if want.name == "wrapper":
        return has == types.NULL or fits(want.params[0], has, bound)
    if has.name == "wrapper":
        return fits(want, has.params[0], bound)
    if has == types.NULL and want.name not in _NEVER_NULL:
        return True
    if want.name != has.name:
        return False
    return all(fits(mine, other, bound) for mine, other in zip(want.params, has.params, strict=False))


#: Types whose values are never null.
_NEVER_NULL = frozenset({"bool", "int", "uint", "double", "string", "bytes", "list", "map", "type", "null_type"})


def comparable(left: Type, right: Type) -> bool:
    if left.name == right.name == "type":
        return True
    return fits(left, right, {}) or fits(right, left, {})


def filled(found: Type, bound: Mapping[str, Type]) -> Type:
    if found.param:
        return bound.get(found.name, DYN)
    if not found.params:
        return found
    return Type(found.name, tuple(filled(each, bound) for each in found.params))


def joined(items: Sequence[Type]) -> Type:
    """The type of several things in one list: theirs, or dyn where they differ."""
    if not items:
        return DYN
    found = items[0]
    for each in items[1:]:
        found = _common(found, each)
    return found


def _common(left: Type, right: Type) -> Type:
    if left == right or (right in (types.NULL, ERROR) and left.name not in _NEVER_NULL):
        return left
    if left in (types.NULL, ERROR) and right.name not in _NEVER_NULL:
        return right
    if left.name == right.name and left.name in ("list", "optional_type") and not isinstance(left, ObjectType):
        inner, other = left.params[0], right.params[0]
        if DYN in (inner, other) and left.name == "list":  # the type of an empty one
            return left if other == DYN else right
        if inner == other or left.name == "optional_type" or inner.name == other.name == "list":
            return Type(left.name, (_common(inner, other),))
    return DYN
