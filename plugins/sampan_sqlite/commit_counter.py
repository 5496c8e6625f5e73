"""A counter in memory shared by all processes that have the file open: while it is unchanged, no commit has been
acknowledged, and SQLite need not be asked. A process increments it after each of its commits and before the commit is
acknowledged. Two that do so at once may both write the same number; that hides nothing, as both commits were in the
file before either read the old number. Must not know what a commit is."""

from __future__ import annotations

import mmap
import os

_BYTES = 8


class CommitCounter:
    """The number, by memory map."""

    def __init__(self, path: str) -> None:
        fd = os.open(f"{path}-turns", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(fd).st_size < _BYTES:
                os.ftruncate(fd, _BYTES)
            self._map = mmap.mmap(fd, _BYTES)
        finally:
            os.close(fd)
        self._view = memoryview(self._map).cast("Q")

    def now(self) -> int:
        return self._view[0]

    def move_on(self) -> None:
        self._view[0] = (self._view[0] + 1) & 0xFFFFFFFFFFFFFFFF
