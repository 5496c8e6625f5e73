"""The spool: entries on disk between the clusters' logs and Elasticsearch, in segments that are only appended to.

Nothing counts as written before it is fsynced. An incomplete end (after a crash while writing) is cut off when the
spool is opened; a corrupt entry elsewhere ends its segment, and is reported. Must not know what an entry says."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import NamedTuple

from sampan_logging import entries

log = logging.getLogger(__name__)

_SUFFIX = ".segment"


class SpoolPosition(NamedTuple):
    """Between two entries: which segment, how many bytes into it."""

    segment: int
    offset: int


class Spool:
    """One writer and one reader, each on a thread of its own."""

    def __init__(self, folder: Path, *, segment_bytes: int) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sizes = {int(path.stem): path.stat().st_size for path in folder.glob(f"[0-9]*{_SUFFIX}")}
        self._file = -1
        last = max(self._sizes, default=0)
        if last:
            self._sizes[last] = self._cut_torn_end(last)
        self.end = SpoolPosition(last, self._sizes[last]) if last else SpoolPosition(1, 0)
        self.rotten = 0  # segments of which a part could not be read

    @property
    def begin(self) -> SpoolPosition:
        with self._lock:
            return SpoolPosition(min(self._sizes, default=self.end.segment), 0)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return sum(self._sizes.values())

    def behind(self, place: SpoolPosition) -> int:
        """Bytes from that place to the end."""
        with self._lock:
            later = sum(size for segment, size in self._sizes.items() if segment > place.segment)
            return later + max(0, self._sizes.get(place.segment, 0) - place.offset)

    def append(self, data: bytes) -> SpoolPosition:
        """Durable when this returns; raises OSError, and then nothing of it is there. Returns the new end."""
        if self.end.offset >= self._segment_bytes or self._file < 0:
            self._open()
        segment, offset = self.end
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, offset)
            raise
        with self._lock:
            self._sizes[segment] = offset + len(data)
        self.end = SpoolPosition(segment, offset + len(data))
        return self.end

    def read(self, place: SpoolPosition, most: int) -> list[tuple[SpoolPosition, bytes]]:
        """Entries from there on, each with the place behind it; about ``most`` bytes, and one entry at least if there
        is one."""
        found: list[tuple[SpoolPosition, bytes]] = []
        end = self.end
        while place < end and not found:
            limit = end.offset if place.segment == end.segment else self._sizes.get(place.segment, 0)
            found = self._read_segment(place, limit, most)
            if not found:
                if place.offset < limit:
                    self.rotten += 1
                    log.error("the spool's segment %s is damaged at %d and is left there", *place)
                if place.segment == end.segment:
                    break
                place = SpoolPosition(place.segment + 1, 0)
        return found

    def _read_segment(self, place: SpoolPosition, limit: int, most: int) -> list[tuple[SpoolPosition, bytes]]:
        if place.offset >= limit:
            return []
        with self._path(place.segment).open("rb") as file:
            file.seek(place.offset)
            data = file.read(min(most, limit - place.offset))
            if len(data) >= entries.HEAD.size:
                first = entries.HEAD.size + min(entries.HEAD.unpack_from(data)[0], entries.LARGEST)
                if first > len(data):
                    data += file.read(min(first, limit - place.offset) - len(data))
        return [(SpoolPosition(place.segment, place.offset + at), body) for at, body in entries.bodies(data)]

    def remove_before(self, segment: int) -> None:
        """Segments that are no longer needed."""
        with self._lock:
            old = [number for number in self._sizes if number < min(segment, self.end.segment)]
            for number in old:
                self._path(number).unlink(missing_ok=True)
                del self._sizes[number]

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        """The segment to write to: the last one, or a new one when that is full."""
        segment, offset = self.end
        if offset >= self._segment_bytes:
            segment, offset = segment + 1, 0
        file = os.open(self._path(segment), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        sync_folder(self._folder)
        self.close()
        self._file, self.end = file, SpoolPosition(segment, offset)
        with self._lock:
            self._sizes.setdefault(segment, 0)

    def _cut_torn_end(self, segment: int) -> int:
        """The size up to the last whole entry."""
        path = self._path(segment)
        data = path.read_bytes()
        whole = max((at for at, _ in entries.bodies(data)), default=0)
        if whole < len(data):
            log.warning("the spool's last %d bytes were not written to the end and are read again", len(data) - whole)
            os.truncate(path, whole)
        return whole

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:012d}{_SUFFIX}"


def sync_folder(folder: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes) -> None:
    """A file's whole content, durably: after a crash it is the old or the new one."""
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    sync_folder(path.parent)
