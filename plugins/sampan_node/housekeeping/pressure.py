"""Whether this node runs out of memory, disk or process ids, and for how long. Pure, but for what ``measure`` reads.

Source: the documentation on node-pressure eviction; kubelet's eviction manager for the order of steps and the words.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_node.housekeeping.thresholds import MEMORY, SIGNALS, Threshold
from sampan_node.staticpods.mirrors import is_mirror, is_static
from sampan_podspec.requests import qos_class
from sampan_podspec.tolerations import tolerates

CRITICAL = 2_000_000_000  # priority from which on a pod is never evicted
TAINT: Object = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}


class Level(NamedTuple):
    """What is there of one resource, in bytes, inodes or processes."""

    available: int
    total: int


@dataclass
class PressureMemory:
    """What is known from one look to the next; lost with the process, as upstream."""

    first_met: dict[Threshold, float] = field(default_factory=dict)  # since when each threshold is met, without a gap
    met: tuple[Threshold, ...] = ()  # those to act on, until their minimum reclaim is reached
    seen: dict[str, float] = field(default_factory=dict)  # condition -> when it was last observed


class Decision(NamedTuple):
    conditions: frozenset[str]  # of the Node, those of the transition period included
    due: tuple[Threshold, ...]  # whose grace period is over, the most urgent first


def decide(
    thresholds: Sequence[Threshold],
    levels: Mapping[str, Level],
    memory: PressureMemory,
    now: float,
    *,
    transition: float,
) -> Decision:
    """The node's conditions, and what to act on. ``transition``: seconds for which a condition stands after it was last
    observed. Changes ``memory``."""
    crossed = met(thresholds, levels)
    crossed += [one for one in met(memory.met, levels, reclaim=True) if one not in crossed]
    memory.first_met = {one: memory.first_met.get(one, now) for one in crossed}
    memory.seen.update(dict.fromkeys((SIGNALS[one.signal].condition for one in crossed), now))
    order = list(SIGNALS)
    due = [one for one, since in memory.first_met.items() if now - since >= one.grace]
    memory.met = tuple(sorted(due, key=lambda one: order.index(one.signal)))
    return Decision(standing(memory, now, transition), memory.met)


def met(thresholds: Iterable[Threshold], levels: Mapping[str, Level], *, reclaim: bool = False) -> list[Threshold]:
    """Those that are crossed; with ``reclaim`` also those above which less than their minimum reclaim is available."""
    found = []
    for one in thresholds:
        if level := levels.get(one.signal):
            wanted = one.amount.of(level.total) + (one.reclaim.of(level.total) if reclaim else 0)
            if level.available < wanted:
                found.append(one)
    return found


def standing(memory: PressureMemory, now: float, transition: float) -> frozenset[str]:
    """The conditions that hold: observed now, or not long ago."""
    return frozenset(name for name, at in memory.seen.items() if now - at < transition)


def measure(home: Path, proc: str = "/proc") -> dict[str, Level]:
    """By signal. Images have no file system of their own here, so imagefs is nodefs, as upstream says it then."""
    disk = os.statvfs(home)
    with open(f"{proc}/meminfo") as file:
        memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    with open(f"{proc}/loadavg") as file:
        processes = int(file.read().split()[3].partition("/")[2])
    with open(f"{proc}/sys/kernel/pid_max") as file:
        most = int(file.read())
    space = Level(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)
    found = {
        "memory.available": Level(memory["MemAvailable"], memory["MemTotal"]),
        "nodefs.available": space,
        "imagefs.available": space,
        "pid.available": Level(most - processes, most),
    }
    if disk.f_files:  # btrfs counts none
        found["nodefs.inodesFree"] = found["imagefs.inodesFree"] = Level(disk.f_favail, disk.f_files)
    return found


def is_critical(pod: Object) -> bool:
    return is_static(pod) or is_mirror(pod) or int(pod["spec"].get("priority") or 0) >= CRITICAL


def refuses(pod: Object, conditions: Iterable[str]) -> str:
    """Why a new pod is not taken under these conditions; "" where it is."""
    held = sorted(conditions)
    if not held or is_critical(pod):
        return ""
    if held == [MEMORY]:
        tolerated = any(tolerates(one, TAINT) for one in pod["spec"].get("tolerations") or ())
        if tolerated or qos_class(pod["spec"]) != "BestEffort":
            return ""
    return f"The node had condition: [{' '.join(held)}]. "
