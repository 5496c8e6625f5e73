"""Processes of containers, seen from the node: a command of a probe that is late, and the limit of their number."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def start_of(pid: int, proc: Path = PROC) -> int:
    """When a process began, in clock ticks since boot. Raises OSError, ValueError."""
    return int(_stat(pid, proc)[19])


def parent_of(pid: int, proc: Path = PROC) -> int:
    return int(_stat(pid, proc)[1])


def _stat(pid: int, proc: Path) -> list[str]:
    """The fields of /proc/PID/stat behind the name: state, parent …"""
    return (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()


def kill_late(init: int, command: Sequence[str], since: int, proc: Path = PROC) -> bool:
    """Kill a command that was run in the container of the process ``init`` not before ``since`` (ticks), and all below
    it. False where it is not found.

    The runtime ends the command's own process only. A command beside the container's first process is a child of the
    same shim, in the same pid namespace. Raises OSError where that may not be seen.
    """
    shim, space = parent_of(init, proc), os.readlink(proc / str(init) / "ns" / "pid")
    found = [
        (start_of(pid, proc), pid) for pid in children(shim, proc)
        if pid != init and _is(pid, command, space, proc) and start_of(pid, proc) >= since
    ]  # fmt: skip
    if not found:
        return False
    _kill_tree(min(found)[1], proc)
    return True


def _is(pid: int, command: Sequence[str], space: str, proc: Path) -> bool:
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")[:-1]
        return words == [word.encode() for word in command] and os.readlink(proc / str(pid) / "ns" / "pid") == space
    except OSError:
        return False  # it has just ended


def children(pid: int, proc: Path = PROC) -> Iterator[int]:
    """Of all of its threads: what a thread of the shim has started is a child of that thread."""
    for task in (proc / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError):
            yield from map(int, (task / "children").read_text().split())


def _kill_tree(pid: int, proc: Path) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts no more
        for child in list(children(pid, proc)):
            _kill_tree(child, proc)
        os.kill(pid, signal.SIGKILL)


def limit_number(pid: int, most: int, proc: Path = PROC, cgroups: Path = CGROUPS) -> bool:
    """Let the container of the process have no more than so many processes and threads. CRI has no field for it where
    cgroups are of version 1. False where the kernel does not count them. Raises OSError."""
    for line in (proc / str(pid) / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        folder = cgroups / "pids" if "pids" in controllers.split(",") else cgroups if not controllers else None
        file = folder / path.lstrip("/") / "pids.max" if folder else None
        if file is not None and path != "/" and file.exists():
            file.write_text(f"{most}\n")
            return True
    return False


def swap_is_counted(cgroups: Path = CGROUPS) -> bool:
    """Whether a limit for memory and swap together can be set."""
    return (cgroups / "memory" / "memory.memsw.limit_in_bytes").exists() or (cgroups / "cgroup.controllers").exists()
