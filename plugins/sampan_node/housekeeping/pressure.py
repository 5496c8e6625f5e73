"""When this node runs out of memory or disk, and which pod has to go then. Pure, but for what ``measure`` reads.

Source: the documentation on node-pressure eviction; kubelet's eviction manager for order and words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_node.staticpods.mirrors import is_mirror, is_static
from sampan_podspec.requests import pod_nanos, qos_class

MEMORY, DISK, PIDS = "MemoryPressure", "DiskPressure", "PIDPressure"
RESOURCES = {MEMORY: "memory", DISK: "ephemeral-storage", PIDS: "pids"}
CRITICAL = 2_000_000_000  # priority from which on a pod is never evicted
STANDS = 300.0  # seconds for which a condition stands after it was last seen


class Level(NamedTuple):
    """What is there of one resource, in bytes or processes."""

    available: int
    total: int


class Limits(NamedTuple):
    """Below which amount there is pressure; 0 for never."""

    memory: int
    disk: int
    pids: int


def limit(text: str, total: int) -> int:
    """A quantity or a percentage of the whole; raises ValueError."""
    if text.endswith("%"):
        return int(total * float(text[:-1]) / 100)
    return quantities.whole(text) if text else 0


def measure(home: Path, proc: str = "/proc") -> dict[str, Level]:
    disk = os.statvfs(home)
    with open(f"{proc}/meminfo") as file:
        memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    with open(f"{proc}/loadavg") as file:
        processes = int(file.read().split()[3].partition("/")[2])
    with open(f"{proc}/sys/kernel/pid_max") as file:
        most = int(file.read())
    return {
        MEMORY: Level(memory["MemAvailable"], memory["MemTotal"]),
        DISK: Level(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize),
        PIDS: Level(most - processes, most),
    }


def below(levels: Mapping[str, Level], limits: Limits) -> dict[str, int]:
    """Condition -> its limit, of each that is passed."""
    named = zip((MEMORY, DISK, PIDS), limits, strict=True)
    return {name: low for name, low in named if name in levels and levels[name].available < low}


def standing(now: float, seen: Mapping[str, float]) -> frozenset[str]:
    """The conditions that hold: seen now, or not long ago."""
    return frozenset(name for name, at in seen.items() if now - at < STANDS)


def is_critical(pod: Object) -> bool:
    return is_static(pod) or is_mirror(pod) or int(pod["spec"].get("priority") or 0) >= CRITICAL


def refuses(pod: Object, conditions: Iterable[str]) -> str:
    """Why a new pod is not taken under these conditions; "" where it is."""
    held = sorted(conditions)
    if not held or is_critical(pod):
        return ""
    if held == [MEMORY] and qos_class(pod["spec"]) != "BestEffort":
        return ""
    return f"The node had condition: [{', '.join(held)}]. "


def first(pods: Iterable[Object], condition: str, used: Callable[[Object], int]) -> Object | None:
    """The pod that goes first: one that uses more than it requested, of low priority, by how much more it uses."""
    resource = RESOURCES[condition]

    def rank(pod: Object) -> tuple[bool, int, int]:
        requested = pod_nanos(pod["spec"]).get(resource, 0) // quantities.NANOS
        use = used(pod)
        return use <= requested, int(pod["spec"].get("priority") or 0), requested - use

    return min((pod for pod in pods if not is_critical(pod)), key=rank, default=None)


def message(pod: Object, condition: str, low: int, level: Level, use: int) -> str:
    resource = RESOURCES[condition]
    requested = pod_nanos(pod["spec"]).get(resource, 0) // quantities.NANOS
    return (
        f"The node was low on resource: {resource}. Threshold quantity: {low}, available: {level.available}. "
        f"The pod was using {use}, request is {requested}. "
    )
