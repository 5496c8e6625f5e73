"""Reading what members send. A field of the wrong type counts as absent, and numbers and sizes are bounded.

Pure functions; must not know kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Object

LARGEST = (1 << 31) - 1  # an int32, as in the status fields of Kubernetes
LARGEST_STATUS = 64 * 1024  # bytes of one status as JSON
MOST_ITEMS = 1000  # of a list in a status
LONGEST_TEXT = 4096  # characters of a text in a status
DEEPEST = 24  # levels of a status

_encode = msgspec.json.Encoder().encode


def count(holder: Any, name: str) -> int:
    """A number from 0 to 2³¹-1; 0 for anything else."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if type(value) is not int:
        return 0
    return min(max(value, 0), LARGEST)


def text(holder: Any, name: str) -> str:
    """A text of at most 4,096 characters; "" for anything else."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def mapping(holder: Any, *path: str) -> Mapping[str, Any]:
    """The map at a path; {} for anything else."""
    for name in path:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
    return holder if isinstance(holder, Mapping) else {}


def items(holder: Any, name: str) -> Iterator[Object]:
    """The maps in a list, at most 1,000."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if isinstance(value, list):
        yield from (each for each in value[:MOST_ITEMS] if isinstance(each, dict))


def bounded(value: Any) -> Any:
    """The value if it is JSON of at most 64 KiB and 24 levels, else None."""
    if _is_deep(value, DEEPEST):
        return None
    try:
        return value if len(_encode(value)) <= LARGEST_STATUS else None
    except (msgspec.MsgspecError, TypeError, UnicodeError):
        return None


def _is_deep(value: Any, left: int) -> bool:
    if not left:
        return True
    if isinstance(value, Mapping):
        return any(_is_deep(each, left - 1) for each in value.values())
    return isinstance(value, list) and any(_is_deep(each, left - 1) for each in value)
