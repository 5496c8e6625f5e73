"""Reading the CRI-format logs that the launcher writes, following them by inotify."""

from __future__ import annotations

import calendar
import ctypes
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sampan.errors import SampanError

Line = tuple[float, int, bytes]
SIGN_OF_LIFE: Line = (0.0, 0, b"")  # lets a follower notice that nobody listens to it any more

IN_MODIFY, IN_MOVED_TO, IN_CREATE = 0x2, 0x80, 0x100
_libc = ctypes.CDLL(None, use_errno=True)


class Folder:
    """Waits until something in a directory changes."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            raise SampanError(f"inotify: {os.strerror(ctypes.get_errno())}; raise fs.inotify.max_user_instances")
        _libc.inotify_add_watch(self._descriptor, os.fsencode(path), IN_MODIFY | IN_MOVED_TO | IN_CREATE)

    def wait(self, timeout: float) -> None:
        if select.select([self._descriptor], [], [], timeout)[0]:
            os.read(self._descriptor, 65536)

    def close(self) -> None:
        os.close(self._descriptor)


def parse(line: bytes) -> Line | None:
    """(time, channel, text with its newline if it had one), None for what is no CRI line."""
    try:
        when, name, tag, text = line.split(b" ", 3)
        whole, _, nanos = when.rstrip(b"Z").partition(b".")
        seconds = calendar.timegm(time.strptime(whole.decode(), "%Y-%m-%dT%H:%M:%S")) + int(nanos or 0) / 1e9
    except ValueError:
        return None
    return seconds, 2 if name == b"stderr" else 1, text + (b"\n" if tag.startswith(b"F") else b"")


class Tail:
    """A log file from where it was last read to, followed over its rotation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def lines(self) -> list[Line]:
        """What came since the last time; a line still being written is left for the next."""
        found = self._rest()
        while self._file and self._path.exists() and os.fstat(self._file.fileno()).st_ino != self._path.stat().st_ino:
            self.close()
            found += self._rest()
        return found

    def _rest(self) -> list[Line]:
        if self._file is None:
            try:
                self._file = self._path.open("rb")
            except FileNotFoundError:
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


def read(folder: Path, *, follow: bool, since: float, tail: int) -> Iterator[Line]:
    """The container's lines, oldest first. Following ends when the container has ended and all is read."""
    file = Tail(folder / "log")
    watch = Folder(folder) if follow else None
    try:
        older = folder / "log.1"
        lines = _parsed(older.read_bytes()) if older.exists() else []
        lines += file.lines()
        lines = lines[max(0, len(lines) - tail) :] if tail >= 0 else lines
        yield from (line for line in lines if line[0] >= since)
        while watch:
            ended = (folder / "exit.json").exists() or not folder.exists()
            yield from (line for line in file.lines() if line[0] >= since)
            if ended:
                break
            watch.wait(timeout=10)
            yield SIGN_OF_LIFE
    finally:
        file.close()
        if watch:
            watch.close()


def _parsed(data: bytes) -> list[Line]:
    return [found for line in data.split(b"\n") if line and (found := parse(line)) is not None]
