"""What the kernel says of processes: memory, CPU time, families. Linux only."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def proportional_memory(pids: list[int]) -> float:
    """PSS in MB: memory that several share is counted once."""
    return sum(_field(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids) / 1024


def peak_memory(pid: int) -> float:
    """The largest resident set so far, MB."""
    return _field(f"/proc/{pid}/status", "VmHWM") / 1024


def cpu_seconds(pids: list[int]) -> float:
    """User and system time so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def many_files(wanted: int) -> None:
    """Allow this process and its children so many open files; raises ValueError where the machine does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))


def _field(path: str, name: str) -> int:
    """A kB figure of a proc file."""
    for line in Path(path).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0
