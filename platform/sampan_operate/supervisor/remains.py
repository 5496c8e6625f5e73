"""Stops the processes that a killed supervisor has left.

The kernel sends them a signal when the supervisor ends (``parent_death``); this module waits for them and kills the
rest.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sampan_operate.supervisor.state import born, holders, is_alive, is_running

STOP_TIMEOUT = 25.0  # seconds that processes have to stop before they are killed
KILLED = 25.0  # seconds in which what was killed ends: when the kernel comes to it
STEP = 0.02


def end(home: Path, state: Mapping[str, Any], *, timeout: float = STOP_TIMEOUT) -> bool:
    """Wait until no process holds the home's lock; kill those that do not stop. Returns False if that does not help."""
    left = [process for process in state.get("processes", ()) if is_alive(process)]
    if not state:  # the file is damaged: stop the processes that hold the lock, the supervisor first
        left = [{"pid": pid} for pid in holders(home)]
    for process in left:
        _send(process["pid"], signal.SIGTERM)
    family = {pid: born(pid) for process in left for pid in (process["pid"], *_descendants(process["pid"]))}
    if _wait_for_lock(home, timeout):
        return True
    for pid, began in family.items():
        if began and born(pid) == began:
            _send(pid, signal.SIGKILL)
    return _wait_for_lock(home, KILLED)


def _wait_for_lock(home: Path, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while is_running(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _descendants(pid: int) -> Iterable[int]:
    """Workers of the process, recognized by its command line; containers are not among them."""
    try:
        own = Path(f"/proc/{pid}/cmdline").read_bytes()
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return
    for child in children:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{child}/cmdline").read_bytes() == own:
                yield child
