"""Leaving the terminal: a process of its own session that outlives the command. Linux only; imports nothing heavy."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from typing import IO

log = logging.getLogger(__name__)


def files_of_caller() -> list[int]:
    """Descriptors beside the three standard ones that are open: called before this process opens any, those that its
    caller has left open (a lock of flock(1), a pipe)."""
    found = [int(name) for name in os.listdir("/proc/self/fd")]
    return [number for number in found if number > 2 and _is_open(number)]  # the listing's own is closed again


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def in_background(main: Callable[[], None], log_file: IO[bytes], keep: IO[str], unwanted: Iterable[int] = ()) -> int:
    """Run ``main`` in a process with its own session; returns its pid. ``keep`` (the lock) stays open there, the
    ``unwanted`` descriptors do not."""
    sys.stdout.flush()
    sys.stderr.flush()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.setsid()
        pid = os.fork()
        if pid:
            os.write(write, str(pid).encode())
            os._exit(0)
        _detach(log_file)
        for number in {*unwanted, read, write}:  # the caller returns when no process has ``write`` any more
            os.close(number)
        os.set_inheritable(keep.fileno(), True)
        code = 1
        try:
            main()
            code = 0
        except BaseException:
            log.exception("the supervisor failed")
        finally:
            logging.shutdown()
            os._exit(code)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        return int(pipe.read())


def _detach(log_file: IO[bytes]) -> None:
    with open(os.devnull, "rb") as null:
        os.dup2(null.fileno(), 0)
    os.dup2(log_file.fileno(), 1)
    os.dup2(log_file.fileno(), 2)
    os.chdir("/")
