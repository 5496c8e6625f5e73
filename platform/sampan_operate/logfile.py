"""The log file that all processes of a cluster share, rotated by size.

Every process, and every program that one starts, writes to it through an inherited descriptor in append mode. So the
file cannot be replaced (programs such as nginx would write to the old one): it is copied to ``NAME.1`` and truncated.
Lines written in the microseconds between the two are lost. A reader that follows the file finds all other lines,
because the copy has them at the same offsets.
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
    """Rotate the file if it is larger than ``limit``; returns whether it was. One process at a time; raises OSError."""
    with open(path.with_name(LOCK), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.stat().st_size <= limit:
            return False  # another process was faster
        for number in range(keep, 1, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(numbered(path, number - 1), numbered(path, number))
        with open(path, "r+b", buffering=0) as file:
            try:
                if keep:
                    _copy(file.fileno(), numbered(path, 1))
            except OSError:  # no space for a copy: truncate all the same, which frees space
                numbered(path, 1).unlink(missing_ok=True)
            os.ftruncate(file.fileno(), 0)
    return True


def numbered(path: Path, number: int) -> Path:
    """Path of an older file; 1 is the newest."""
    return path.with_name(f"{path.name}.{number}")


def _copy(source: int, target: Path) -> None:
    """Copy up to the current end; the file is truncated immediately after the last read."""
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        while data := os.read(source, 1 << 20):
            view = memoryview(data)
            while view:
                view = view[os.write(out, view) :]
    finally:
        os.close(out)


class Handler(logging.StreamHandler[TextIO]):
    """Writes to standard error, which is the log file, and rotates it."""

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
    """The last lines of the file, and of the older one if it has fewer."""
    found: list[str] = []
    for each in (path, numbered(path, 1)):
        if len(found) < count:
            with contextlib.suppress(FileNotFoundError):
                found = each.read_text(errors="replace").splitlines(keepends=True) + found
    return found[-count:] if count else []


class LogFollower:
    """Reads lines that are written from now on, across rotations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "rb")  # noqa: SIM115 - closed by ``close``
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        self._file.close()

    def lines(self) -> Iterator[str]:
        """The complete lines since the last call."""
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
