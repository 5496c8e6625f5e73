"""Durations as Go writes them: ``1h30m``, ``-1.5s``. Source: the documentation of Go's time.ParseDuration."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)", re.ASCII)
_LONGEST = 2**63 / 1e9


def parse_duration(text: str) -> float:
    """Seconds. Raises ValueError with Go's words."""
    bad = ValueError(f'time: invalid duration "{text}"')
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0.0
    if not rest:
        raise bad
    total = 0.0
    while rest:
        found = _PART.match(rest)
        if found is None or not (found[1] or found[2]):
            raise bad
        if not found[3]:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if found[3] not in _UNITS:
            raise ValueError(f'time: unknown unit "{found[3]}" in duration "{text}"')
        total += float(f"{found[1] or '0'}.{found[2] or '0'}") * _UNITS[found[3]]
        rest = rest[found.end() :]
    if total > _LONGEST:
        raise bad
    return -total if text[0] == "-" else total
