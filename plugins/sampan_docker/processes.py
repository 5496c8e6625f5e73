"""Processes of containers, seen from the host they run on."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

PROC = Path("/proc")


def kill_in(container_id: str, pid: int, proc: Path = PROC) -> None:
    """Kill the process and all below it, if it is one of the container. Raises OSError where that may not be."""
    if pid <= 0 or container_id not in (proc / str(pid) / "cgroup").read_text():
        return  # ended, or the daemon runs on another machine: the number means something else here
    for child in (proc / str(pid) / "task" / str(pid) / "children").read_text().split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            kill_in(container_id, int(child), proc)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
