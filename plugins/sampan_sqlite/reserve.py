"""Disk space that is reserved for a full disk: with it objects can still be deleted, which frees space.

A file beside the store that holds nothing. When SQLite finds no room, half of it is given back, and only deletions and
updates of what is there already are written from then on; when that is used up, the other half, for deletions alone.
It is made whole again as soon as the disk has room for that. Knows files and commits, no SQL.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

from sampan.contracts.store import Full, Op, Put
from sampan_sqlite.file_health import free_bytes
from sampan_sqlite.recent_keys import KeyState

log = logging.getLogger(__name__)

WHOLE, HALF, NONE = 2, 1, 0
MARGIN = 4 << 20  # bytes that must stay free beside a reserve that is made whole again
LARGEST_UPDATE = 64 << 10  # bytes of a value


class DiskReserve:
    """One store's. The writer's thread only, but for ``trouble``."""

    def __init__(self, path: str, size: int) -> None:
        self._path, self._size = f"{path}-reserve", size
        self._store = path
        self.level = WHOLE
        self.restore()

    @property
    def trouble(self) -> str:
        if self.level == WHOLE:
            return ""
        what = "deletions and small updates are" if self.level == HALF else "only deletions are"
        return f"the disk of {self._store} is full: {what} accepted; free {(self._size + MARGIN) >> 20} MB on it"

    def restore(self) -> None:
        """Make it whole where the disk has room for that."""
        before = self.level
        if not self._size:
            return
        held = self._held()
        if held >= self._size:
            self.level = WHOLE
        elif free_bytes(self._store) >= self._size - held + MARGIN:
            self.level = WHOLE if self._allocate(self._size) else self._level_of(self._held())
        else:
            self.level = self._level_of(held)
        if self.level != before:
            self._tell()

    def release(self) -> bool:
        """Give half of it, or the other half, back to the disk; False where nothing is left."""
        if self.level == NONE or not self._size:
            return False
        self.level -= 1
        try:
            os.truncate(self._path, self._size // 2 if self.level == HALF else 0)
        except OSError as error:
            log.warning("the reserve %s cannot be given back: %s", self._path, error)
        self._tell()
        return True

    def refuse(self, ops: Sequence[Op], known: Mapping[str, KeyState]) -> Full | None:
        """Why these operations may not use the reserve; None where they may."""
        for op in ops:
            if not isinstance(op, Put):
                continue
            small = known[op.key].id and len(op.value) <= LARGEST_UPDATE
            if self.level == NONE or not small:
                return Full(self.trouble)
        return None

    def _tell(self) -> None:
        if self.level == WHOLE:
            log.info("the disk of %s has room again", self._store)
        else:
            log.error("%s", self.trouble)

    def _level_of(self, held: int) -> int:
        return WHOLE if held >= self._size else HALF if held >= self._size // 2 else NONE

    def _held(self) -> int:
        try:
            return os.stat(self._path).st_size
        except OSError:
            return 0

    def _allocate(self, size: int) -> bool:
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("the reserve %s cannot be made: %s", self._path, error)
            return False
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError:
            os.ftruncate(fd, 0)
            return False
        finally:
            os.close(fd)
        return True
