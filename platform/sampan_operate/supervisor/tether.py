"""Tying a process to its parent: when that one ends, however it does, this one is sent a signal. Linux only."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def tie(parent: int, number: signal.Signals) -> None:
    """Send this process ``number`` when ``parent`` ends; it exits at once if that has happened. Source: prctl(2).

    Not passed on to what this process forks in its turn: containers outlive their agent on purpose.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
