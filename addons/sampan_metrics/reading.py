"""What an agent's /metrics/resource says, as records. Pure, and quick: one pattern a line.

Source: Prometheus' text format; the kubelet's resource metrics. Lines of other families are passed over.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LARGEST = 64 << 20  # bytes of one answer

_LINE = re.compile(
    r"^((?:node|container)_(?:cpu_usage_seconds_total|memory_working_set_bytes|start_time_seconds))"
    r"(?:\{([^}]*)\})?[ \t]+(\S+)(?:[ \t]+(-?\d+))?[ \t]*$",
    re.MULTILINE,
)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Address(NamedTuple):
    """Whose figures they are: a container, or (all empty) the node itself."""

    namespace: str = ""
    pod: str = ""
    container: str = ""


NODE = Address()


class Measurement(NamedTuple):
    """One measurement. cpu: seconds used so far; memory: working set in bytes; times since the epoch, 0 unknown."""

    at: float
    cpu: float
    memory: int
    started: float = 0.0


def points(text: str, now: float) -> dict[Address, Measurement]:
    """Everything of which both cpu and memory are told. ``now`` is the time of lines that carry none."""
    found: dict[Address, dict[str, float]] = {}
    for name, labels, value, stamp in _LINE.findall(text):
        address = NODE if name.startswith("node_") else _address(labels)
        if address is None:
            continue
        try:
            number = float(value)
        except ValueError:
            continue
        if not 0 <= number < 1e18:  # infinite and not-a-number too
            continue
        values = found.setdefault(address, {})
        what = name.partition("_")[2]
        values[what] = number
        if stamp and what == "cpu_usage_seconds_total":
            values["at"] = int(stamp) / 1000
    return {
        address: Measurement(
            values.get("at", now), values["cpu_usage_seconds_total"], int(values["memory_working_set_bytes"]),
            values.get("start_time_seconds", 0.0),
        )
        for address, values in found.items()
        if "cpu_usage_seconds_total" in values and "memory_working_set_bytes" in values
    }  # fmt: skip


def _address(labels: str) -> Address | None:
    named = dict(_LABEL.findall(labels))
    address = Address(named.get("namespace", ""), named.get("pod", ""), named.get("container", ""))
    return address if all(address) else None
