"""Durations as kubectl and kubeadm write them: 24h, 1h30m, 90s, 0."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")


def seconds(text: str) -> float:
    """Raises ValueError."""
    if text == "0":
        return 0.0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration; write 24h, 1h30m or 90s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
