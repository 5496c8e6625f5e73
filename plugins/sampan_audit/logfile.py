"""The log's file, a line an event, and its rotation. Several processes may write to one file.

A line is written by one ``write`` to a file opened for appending, so lines of two processes do not mix. Who finds the
file too large renames it, under a lock; the others notice by its inode.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MEGABYTE = 1 << 20


class LogFile:
    """For one thread. ``keep``: rotated files that are kept, 0 for all; ``days``: for so long, 0 for ever."""

    def __init__(
        self,
        path: Path,
        *,
        megabytes: float = 100,
        keep: int = 10,
        days: float = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._most = path, int(megabytes * MEGABYTE)
        self._keep, self._seconds = keep, days * 86400.0
        self._clock = clock
        self._file = -1

    def write(self, data: bytes) -> None:
        """Whole lines. Raises OSError; what could not be written is not in the file."""
        self._open()
        if self._most and os.fstat(self._file).st_size + len(data) > self._most:
            self._rotate()
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        """The file at the path, also after another process has rotated it."""
        if self._file >= 0:
            with suppress(FileNotFoundError):
                if os.stat(self._path).st_ino == os.fstat(self._file).st_ino:
                    return
            self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _rotate(self) -> None:
        lock = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._open()  # another process may have been faster
            if os.fstat(self._file).st_size:
                self.close()
                self._path.rename(self._rotated_name())
                self._open()
                self._remove_old()
        finally:
            os.close(lock)

    def _rotated_name(self) -> Path:
        """``audit-2026-01-31T12-00-00.000.log``, as upstream names them: sorted by time."""
        now = self._clock()
        while True:
            stamp = f"{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}"
            found = self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}")
            if not found.exists():
                return found
            now += 0.001

    def _remove_old(self) -> None:
        rotated = sorted(self._path.parent.glob(f"{self._path.stem}-*{self._path.suffix}"), reverse=True)
        for index, each in enumerate(rotated):
            with suppress(FileNotFoundError):
                too_many = self._keep and index >= self._keep
                if too_many or (self._seconds and self._clock() - each.stat().st_mtime > self._seconds):
                    each.unlink()
