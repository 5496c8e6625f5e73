"""Runs a program that ends when its parent does; run as a script of its own, so that no thread is forked with it.

``python tethered.py PARENT-PID PROGRAM ARGUMENTS…``. Linux only; elsewhere it is just started. Source: prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Never returns."""
    parent, program = int(argv[0]), argv[1:]
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
