"""Times as people write them: 90s, 15m, 1.5h, 2d, or seconds since the epoch. Pure."""

from __future__ import annotations

import re

from sampan.errors import BadRequest

_DURATION = re.compile(r"^(\d{1,12}(?:\.\d{1,6})?)(s|m|h|d)$", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MOMENT = re.compile(r"^\d{1,12}(?:\.\d{1,6})?$", re.ASCII)


def duration(text: str) -> float:
    """In seconds; raises BadRequest."""
    found = _DURATION.match(text)
    if found is None:
        raise BadRequest(f"{text!r} is not a duration such as 30s, 15m, 1.5h or 2d")
    return float(found[1]) * _SECONDS[found[2]]


def moment(text: str, now: float) -> float:
    """A time since the epoch, or so long ago; raises BadRequest."""
    return float(text) if _MOMENT.match(text) else now - duration(text)
