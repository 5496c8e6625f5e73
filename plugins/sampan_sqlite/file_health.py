"""Health of the file: damage that was found is logged once, and all use is refused from then on. Also SQLite's errors
in words.

SQLite notices damage of its own structure only where it reads; what lies inside a value it cannot notice at all. So
each row of the log has a checksum, and the file is checked when it is opened. Knows SQLite's error codes, no tables.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sampan.contracts.store import Unavailable, Unusable

log = logging.getLogger(__name__)

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
ROOM = 256 << 10  # bytes; with less of them free, an I/O error is taken for a full disk
WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


def checksum(id: int, key: str, created: int, value: bytes | None) -> int:
    """Of one row of the log."""
    return zlib.crc32(value or b"", zlib.crc32(b"%d %d %s" % (id, created, key.encode())))


class FileHealth:
    """Of one open file; shared by all that read and write it. Thread-safe."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.damage = ""  # what was found first
        self._lock = threading.Lock()

    def damaged(self, what: str) -> Unusable:
        """Remember the damage, log it once, and return the error to raise."""
        with self._lock:
            new, self.damage = not self.damage, self.damage or what
        if new:
            log.critical("%s", self.words())
        return Unusable(self.words())

    def words(self) -> str:
        return (
            f"the store {self.path} is damaged ({self.damage}), so nothing is written to it. Restore {self.path} and "
            f"{self.path}-wal together from a backup; to begin with an empty cluster, move all of {self.path}* away. "
            "`sampan doctor` checks the store"
        )

    def require(self) -> None:
        """Raises Unusable where damage was found."""
        if self.damage:
            raise Unusable(self.words())

    def check_row(self, id: int, key: str, created: int, value: bytes | None, crc: int | None) -> None:
        """Raises Unusable for a row that is not as it was written; rows from before there were checksums have None."""
        if crc is not None and crc != checksum(id, key, created, value):
            raise self.damaged(f"the entry {key} does not have its checksum")

    def translate(self, error: sqlite3.Error) -> Unavailable:
        """SQLite's error as ours."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            return self.damaged(f"sqlite: {error}")
        return Unavailable(f"sqlite: {error}")

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self.translate(error) from error


def is_full(error: sqlite3.Error, path: str) -> bool:
    """Whether the disk had no room. Some of SQLite's writes (shared memory, a checkpoint) say that as an I/O error."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code != sqlite3.SQLITE_IOERR:
        return code == sqlite3.SQLITE_FULL
    return free_bytes(path) < ROOM


def free_bytes(path: str) -> int:
    """Bytes that this process may still write on the file's disk."""
    found = os.statvfs(os.path.dirname(path))
    return found.f_bavail * found.f_frsize


def check_files(condition: FileHealth) -> None:
    """What can be seen without opening the file, and SQLite would take for an empty store or leave out in silence.
    Raises Unusable."""
    path = condition.path
    lived = os.path.exists(f"{path}-turns")  # made with the store and kept beside it
    if lived and not (os.path.exists(path) and os.path.getsize(path)):
        raise condition.damaged("the file is missing or empty, although a store was here")
    try:
        with open(f"{path}-wal", "rb") as file:
            head = file.read(32)
    except FileNotFoundError:
        return
    if head.strip(b"\0") and head[:4] not in WAL_MAGIC:
        raise condition.damaged(f"{path}-wal is no write-ahead log, and the newest commits are in it")
