"""What a supervisor that was killed left behind, and its end.

The kernel tells its processes to stop as soon as it is gone; here that is waited for, and enforced in the end.
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

PATIENCE = 25.0  # seconds that processes have to stop by themselves
STEP = 0.02


def end(home: Path, state: Mapping[str, Any], *, patience: float = PATIENCE) -> bool:
    """Wait until nobody holds the home's lock any more, killing who does not stop; False where that does not help."""
    left = [process for process in state.get("processes", ()) if is_alive(process)]
    if not state:  # the file is damaged: whoever holds the lock is meant, the supervisor first of all
        left = [{"pid": pid} for pid in holders(home)]
    for process in left:
        _send(process["pid"], signal.SIGTERM)
    family = {pid: born(pid) for process in left for pid in (process["pid"], *_descendants(process["pid"]))}
    if _wait_for_lock(home, patience):
        return True
    for pid, began in family.items():
        if began and born(pid) == began:
            _send(pid, signal.SIGKILL)
    return _wait_for_lock(home, 5.0)


def _wait_for_lock(home: Path, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while is_running(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _descendants(pid: int) -> Iterable[int]:
    """Workers of the process, told by their command line being its own: containers are not among them."""
    try:
        own = Path(f"/proc/{pid}/cmdline").read_bytes()
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return
    for child in children:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{child}/cmdline").read_bytes() == own:
                yield child
