"""The log file that all processes of a cluster share, kept below a size.

Every process, and every program that one starts, writes to it by a descriptor it inherited, in append mode. So the file
cannot be replaced (programs such as nginx would go on writing to the old one): it is copied to ``NAME.1`` and emptied,
and what is written next goes to its beginning. A line that comes in the microseconds between the two is lost; a reader
that follows finds all others, for the copy has them at the same places.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LOCK = ".rotating"


def rotate(path: Path, limit: int, keep: int) -> bool:
    """Copy and empty it where it is larger than ``limit``; whether it was. One process at a time; raises OSError."""
    with open(path.with_name(LOCK), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.stat().st_size <= limit:
            return False  # another process was quicker
        for number in range(keep, 1, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(numbered(path, number - 1), numbered(path, number))
        with open(path, "r+b", buffering=0) as file:
            try:
                if keep:
                    _copy(file.fileno(), numbered(path, 1))
            except OSError:  # no room for a copy: then the disk needs what emptying it gives back
                numbered(path, 1).unlink(missing_ok=True)
            os.ftruncate(file.fileno(), 0)
    return True


def numbered(path: Path, number: int) -> Path:
    """The older files: 1 is the newest of them."""
    return path.with_name(f"{path.name}.{number}")


def _copy(source: int, target: Path) -> None:
    """Up to its end, wherever that is by then: the last read is followed at once by the emptying."""
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        while data := os.read(source, 1 << 20):
            view = memoryview(data)
            while view:
                view = view[os.write(out, view) :]
    finally:
        os.close(out)


class Handler(logging.StreamHandler[TextIO]):
    """Writes to standard error, which is that file, and sees to its size."""

    def __init__(self, path: Path, limit: int, keep: int) -> None:
        super().__init__(sys.stderr)
        self._path, self._limit, self._keep = path, limit, keep
        self._parent = os.getpid()  # the supervisor, which has no threads
        self._busy = False

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        with contextlib.suppress(OSError):
            if not self._busy and os.fstat(2).st_size > self._limit:
                self._busy = True
                if os.getpid() == self._parent:
                    self._rotate()
                else:  # copying takes milliseconds, and this may be an event loop
                    threading.Thread(target=self._rotate, name="log-rotation", daemon=True).start()

    def _rotate(self) -> None:
        try:
            with contextlib.suppress(OSError):
                rotate(self._path, self._limit, self._keep)
        finally:
            self._busy = False


def last_lines(path: Path, count: int) -> list[str]:
    """Of the file and, where that has not so many, of the one before it."""
    found: list[str] = []
    for each in (path, numbered(path, 1)):
        if len(found) < count:
            with contextlib.suppress(FileNotFoundError):
                found = each.read_text(errors="replace").splitlines(keepends=True) + found
    return found[-count:] if count else []


class Follower:
    """What is written from now on, across rotations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "rb")  # noqa: SIM115 - closed by ``close``
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        self._file.close()

    def lines(self) -> Iterator[str]:
        """The whole lines that have come since the last call."""
        place = self._file.tell()
        if os.fstat(self._file.fileno()).st_size < place:
            with contextlib.suppress(FileNotFoundError), open(numbered(self._path, 1), "rb") as older:
                older.seek(place)
                yield from (line.decode(errors="replace") for line in older)
            self._file.seek(0)
        while line := self._file.readline():
            if not line.endswith(b"\n"):
                self._file.seek(-len(line), os.SEEK_CUR)
                return
            yield line.decode(errors="replace")
