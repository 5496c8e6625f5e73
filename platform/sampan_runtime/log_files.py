"""Logs in CRI's format, ``TIME stdout|stderr F|P line``: reading them, and following them over their rotation by
inotify. Knows neither who writes them nor which container they are of.

Source: kubernetes/design-proposals, kubelet-cri-logging.
"""

from __future__ import annotations

import calendar
import contextlib
import ctypes
import logging
import os
import select
import struct
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)

Line = tuple[int, int, bytes]  # nanoseconds since the epoch, channel, text
SIGN_OF_LIFE: Line = (0, 0, b"")  # lets a follower notice that its client has gone

POLL = 0.25  # seconds
PATIENCE = 10.0  # seconds until a follower looks at a file of which nothing is told
#: Looks, and seconds between them, after a writer has closed the file, for the end is near; and some at the start, for
#: it may have been closed just before.
CLOSING, STARTING, QUICK = 100, 20, 0.05

IN_MODIFY, IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE = 0x2, 0x8, 0x80, 0x100
_EVENT = struct.Struct("iIII")
_WATCHED = IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE
_libc = ctypes.CDLL(None, use_errno=True)


class DirectoryWatch:
    """Waits until something in a directory changes; where the user's inotify instances are used up (128 are usual), by
    looking four times a second."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            log.debug("inotify: %s; polling instead", os.strerror(ctypes.get_errno()))
            return
        _libc.inotify_add_watch(self._descriptor, os.fsencode(path), _WATCHED)

    def wait(self, timeout: float) -> bool:
        """Whether a file was closed by one who wrote it."""
        if self._descriptor < 0:
            time.sleep(min(timeout, POLL))
        elif select.select([self._descriptor], [], [], timeout)[0]:
            return any(mask & IN_CLOSE_WRITE for mask in _masks(os.read(self._descriptor, 65536)))
        return False

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


@lru_cache(maxsize=1024)
def _seconds(stamp: bytes) -> int:
    return calendar.timegm(time.strptime(stamp.decode(), "%Y-%m-%dT%H:%M:%S"))


def parse(line: bytes) -> Line | None:
    """(time, channel, text with its newline if it had one), None for what is no CRI line."""
    try:
        when, name, tag, text = line.split(b" ", 3)
        whole, _, nanos = when.rstrip(b"Z").partition(b".")
        stamp = _seconds(whole) * 1_000_000_000 + int(nanos[:9].ljust(9, b"0"))
    except ValueError:
        return None
    return stamp, 2 if name == b"stderr" else 1, text + (b"\n" if tag.startswith(b"F") else b"")


class Tail:
    """A log file from where it was last read to, followed over its rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_name(f"{path.name}.1")
        self._file: BinaryIO | None = None

    def begin(self) -> list[Line]:
        """All there is, the rotated file first."""
        self._open()
        return self._rotated(_inode(self._file)) + self._rest()

    def lines(self) -> list[Line]:
        """What came since the last time; a line still being written is left for the next."""
        found = self._rest()
        while self._file and (now := _stat(self._path)) is not None and (old := _inode(self._file)) != now.st_ino:
            found += self._rest()  # it was still written to until it was rotated
            self.close()
            self._open()
            # One that was slow finds that the log was rotated twice: what it knows is gone, what came next is rotated.
            found += self._rotated(_inode(self._file), old) + self._rest()
        return found

    def _open(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._file = self._path.open("rb")

    def _rotated(self, *known: int) -> list[Line]:
        """The rotated file's lines, unless it is one of those files: it may have become that just now."""
        try:
            with self._older.open("rb") as file:
                return [] if _inode(file) in known else _parsed(file.read())
        except FileNotFoundError:
            return []

    def _rest(self) -> list[Line]:
        if self._file is None:
            self._open()
        if self._file is None:
            return []
        data = self._file.read()
        cut = data.rfind(b"\n") + 1
        if cut < len(data):
            self._file.seek(cut - len(data), os.SEEK_CUR)
        return _parsed(data[:cut])

    def close(self) -> None:
        if self._file:
            self._file.close()
        self._file = None


def _masks(data: bytes) -> Iterator[int]:
    """Of inotify's events. Source: inotify(7)."""
    at = 0
    while at + _EVENT.size <= len(data):
        _, mask, _, length = _EVENT.unpack_from(data, at)
        yield mask
        at += _EVENT.size + length


def read(path: Path, *, follow: bool, since: int, tail: int, ended: Callable[[], bool]) -> Iterator[Line]:
    """The lines, oldest first; ``tail`` -1: all. Following ends when ``ended()`` and all is read."""
    file = Tail(path)
    watch = DirectoryWatch(path.parent) if follow else None
    try:
        lines = file.begin()
        lines = lines[max(0, len(lines) - tail) :] if tail >= 0 else lines
        yield from (line for line in lines if line[0] >= since)
        quick = STARTING
        while watch:
            over = ended()
            yield from (line for line in file.lines() if line[0] >= since)
            if over:
                break
            quick = CLOSING if watch.wait(QUICK if quick else PATIENCE) else max(0, quick - 1)
            yield SIGN_OF_LIFE
    finally:
        file.close()
        if watch:
            watch.close()


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _inode(file: BinaryIO | None) -> int:
    return os.fstat(file.fileno()).st_ino if file else -1


def _parsed(data: bytes) -> list[Line]:
    return [found for line in data.split(b"\n") if line and (found := parse(line)) is not None]
