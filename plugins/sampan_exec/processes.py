"""What /proc says about processes: whether one is still the same, its descendants, what they use."""

from __future__ import annotations

import os
import signal
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def start_time(pid: int) -> int:
    """When the process started, in clock ticks since boot; 0 when there is none or it is a zombie."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] != b"Z" else 0


def tree(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """The process and its descendants, parents first; [] when gone."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        try:
            with open(proc / str(one) / "task" / str(one) / "children") as file:
                left += [int(word) for word in file.read().split()]
        except OSError:
            continue
        found.append(one)
    return found


def usage(pid: int) -> tuple[int, int]:
    """(nanoseconds of cpu, bytes resident) of the process and its descendants; for cpu, waited-for ones too."""
    cpu = memory = 0
    for one in tree(pid):
        fields = _stat(one)
        if fields:
            cpu += sum(int(fields[index]) for index in (11, 12, 13, 14))
            memory += int(fields[21]) * PAGE
    return cpu * 1_000_000_000 // TICK, memory


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _stat(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []
