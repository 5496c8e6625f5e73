"""The durable state: how far each container has been read, and how far Elasticsearch has acknowledged.

Progress is in the spool's entries themselves, so lines and progress become durable in one write; before a segment goes,
what its entries said of progress is saved beside the spool. Must not know the API or Elasticsearch.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sampan.errors import ConfigError
from sampan_logging import entries
from sampan_logging.entries import Entry, Progress, Source
from sampan_logging.spool import Spool, SpoolPosition, replace

log = logging.getLogger(__name__)

_CURSOR_PAUSE = 1.0  # seconds between two writings of the cursor; what lies between is sent twice after a crash


UNKNOWN = -1


class SavedProgress(msgspec.Struct):
    """``progress.json``."""

    through: tuple[int, int]  # entries up to there are in it
    began: float  # when shipping began, seconds since the epoch
    recorded: int = UNKNOWN  # lines in the entries up to there, of all times
    streams: dict[str, tuple[Source, Progress]] = {}


class Journal:
    """To be opened by one process at a time (see ``locked``); ``record`` belongs to the writer, ``acknowledge`` to the
    shipper."""

    def __init__(self, home: Path, *, segment_bytes: int) -> None:
        self._home = home
        self._lock = threading.Lock()
        self.spool = Spool(home / "spool", segment_bytes=segment_bytes)
        saved = self._load()
        self.began = saved.began
        self._streams = saved.streams
        self.recorded = saved.recorded  # lines, in total
        self._replay(SpoolPosition(*saved.through))
        self.cursor, self.arrived, self.refused = self._load_cursor()
        if UNKNOWN in (saved.recorded, self.arrived):
            self.recorded, self.arrived, self.refused = self._waiting(), 0, 0
        self._cursor_saved: tuple[float, SpoolPosition | None] = (time.monotonic(), None)
        self._save()
        self._save_cursor()

    def progress(self) -> dict[str, tuple[Source, Progress]]:
        """A copy: whose lines, how far."""
        with self._lock:
            return dict(self._streams)

    def record(self, found: Iterable[Entry]) -> None:
        """Durable when this returns. Raises OSError, and then nothing has happened."""
        found = list(found)
        data = b"".join(map(entries.encode, found))
        with self._lock:
            self.spool.append(data)
            for entry in found:
                self._apply(entry)

    def acknowledge(self, place: SpoolPosition, arrived: int = 0, refused: int = 0) -> None:
        """All entries before that position are settled, with the total numbers of lines that arrived and that were
        refused; segments that hold only such entries are removed."""
        self.cursor, self.arrived, self.refused = place, arrived, refused
        if self.spool.begin.segment < min(place.segment, self.spool.end.segment):
            self._save()
            self._save_cursor()
            self.spool.remove_before(place.segment)
        elif time.monotonic() - self._cursor_saved[0] > _CURSOR_PAUSE:
            self._save_cursor()

    def settle(self) -> None:
        """Write the cursor if it has moved: called when nothing is left to send, so that what is told is true."""
        self._save_cursor()

    def close(self) -> None:
        self._save()
        self._save_cursor()
        self.spool.close()

    def _apply(self, entry: Entry) -> None:
        self.recorded += len(entry.lines)
        if entry.progress.forgotten:
            self._streams.pop(entry.source.key, None)
        else:
            self._streams[entry.source.key] = (entry.source, entry.progress)

    def _replay(self, place: SpoolPosition) -> None:
        place = max(place, self.spool.begin)
        while found := self.spool.read(place, 4 << 20):
            for _, body in found:
                self._apply(entries.decode(body))
            place = found[-1][0]

    def _waiting(self) -> int:
        """Lines behind the cursor."""
        count, place = 0, self.cursor
        while found := self.spool.read(place, 4 << 20):
            count += sum(len(entries.decode(body).lines) for _, body in found)
            place = found[-1][0]
        return count

    def _load(self) -> SavedProgress:
        path = self._home / "progress.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=SavedProgress)
        except FileNotFoundError:
            return SavedProgress(self.spool.begin, time.time())
        except msgspec.MsgspecError as error:
            # Nothing is lost by it: what the nodes still have is read again, and has the ids it had before.
            log.error("%s cannot be understood (%s); every log is read again from its beginning", path, error)
            return SavedProgress(self.spool.begin, time.time())

    def _save(self) -> None:
        with self._lock:
            saved = SavedProgress(self.spool.end, self.began, self.recorded, dict(self._streams))
        replace(self._home / "progress.json", msgspec.json.encode(saved))

    def _load_cursor(self) -> tuple[SpoolPosition, int, int]:
        """And how many lines before it have arrived and been refused."""
        with contextlib.suppress(OSError, ValueError):
            place, arrived, refused = read_cursor(self._home)
            if self.spool.begin <= place <= self.spool.end:
                return place, arrived, refused
        return self.spool.begin, UNKNOWN, UNKNOWN

    def _save_cursor(self) -> None:
        if self.cursor != self._cursor_saved[1]:
            replace(self._home / "cursor", b"%d %d %d %d\n" % (*self.cursor, self.arrived, self.refused))
        self._cursor_saved = (time.monotonic(), self.cursor)


def read_cursor(home: Path) -> tuple[SpoolPosition, int, int]:
    """Up to where all is settled, lines arrived, lines refused. Raises OSError or ValueError."""
    segment, offset, *counts = map(int, (home / "cursor").read_text().split())
    arrived, refused = counts or (UNKNOWN, UNKNOWN)
    return SpoolPosition(segment, offset), arrived, refused


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """The home is ours alone within the block, and free once this process has ended, however it did. Raises
    ConfigError where another process has it."""
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            words = f"another shipper works in {home}; stop it, or give this one a home of its own"
            raise ConfigError(words) from error
        yield
    finally:
        os.close(descriptor)
