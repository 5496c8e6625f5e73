"""Lines as the log API gives them: their times, their place among lines of the same time, and where reading goes on.

Pure. A ``LinePosition`` identifies one line, in whichever answer it is read again: time, how many lines with that
very time came directly before it, and a digest of its text. Must not know where lines come from or go to.
"""

from __future__ import annotations

import calendar
import hashlib
import time
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from sampan_client.streams import Piece

LATE = 100_000_000  # nanoseconds by which a line may be older than one before it: stdout and stderr have a writer each
SLACK = 1  # seconds that are read again, so that the line we stopped at is among them


class LinePosition(msgspec.Struct, frozen=True, array_like=True):
    """One line. ``ns``: nanoseconds since the epoch; ``ordinal``: lines with the same time directly before it."""

    ns: int
    ordinal: int
    digest: str

    @property
    def since(self) -> str:
        """What to ask the API for (``sinceTime``) so that this line comes again. Whole seconds: API servers hand no
        fractions on to the kubelet."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.ns // 1_000_000_000 - SLACK))


def digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=8).hexdigest()


@lru_cache(maxsize=4096)
def _seconds(stamp: bytes) -> int:
    return calendar.timegm(time.strptime(stamp.decode("ascii"), "%Y-%m-%dT%H:%M:%S"))


@lru_cache(maxsize=64)
def _offset(zone: bytes) -> int:
    if zone in (b"Z", b"z"):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if zone[:1] not in (b"+", b"-") or zone[3:4] != b":" or len(zone) != 6:
        raise ValueError(zone)
    return (hours * 3600 + minutes * 60) * (1 if zone[:1] == b"+" else -1)


def parse(line: bytes) -> tuple[int, bytes] | None:
    """(nanoseconds since the epoch, text) of a line asked for with timestamps; None when it does not begin with one.
    Source: RFC 3339; kubelet writes nine digits and the node's zone."""
    head, _, text = line.partition(b" ")
    try:
        rest = head[19:]
        if rest[:1] == b".":
            digits = rest[1:].rstrip(b"Zz") if rest[-1:] in b"Zz" else rest[1:-6]
            if not digits.isdigit():
                return None
            nanos, zone = int(digits[:9].ljust(9, b"0")), rest[1 + len(digits) :]
        else:
            nanos, zone = 0, rest
        return (_seconds(head[:19]) - _offset(zone)) * 1_000_000_000 + nanos, text
    except ValueError:  # also UnicodeDecodeError
        return None


def shown(ns: int) -> str:
    """RFC 3339 with all nine digits."""
    whole, nanos = divmod(ns, 1_000_000_000)
    return f"{_shown_second(whole)}.{nanos:09d}Z"


@lru_cache(maxsize=4096)
def _shown_second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))


class Numbering:
    """Gives the lines of one answer their ordinals. An answer begins at a whole second, so that a line gets the same
    number whichever answer it is in."""

    def __init__(self) -> None:
        self._ns, self._ordinal = -1, 0

    def number(self, ns: int) -> int:
        if ns == self._ns:
            self._ordinal += 1
        else:
            self._ns, self._ordinal = ns, 0
        return self._ordinal


class Seek:
    """Passes over the lines up to and including the one that was read last. A log is only ever appended to, so what
    stands behind that line is new, whatever its time says."""

    def __init__(self, last: LinePosition | None) -> None:
        self._last = last
        self.found = last is None
        self.missed = False  # it is not there: the log was rotated, or this is another run's

    def passes(self, ns: int, ordinal: int, text: bytes) -> bool:
        """Whether the line is to be passed over; look at ``missed`` afterwards."""
        last = self._last
        if self.found or last is None:
            return False
        if ns == last.ns and ordinal == last.ordinal and digest(text) == last.digest:
            self.found = True
        elif ns > last.ns + LATE:
            self.missed = True
        return True


class LogAnswer:
    """Turns the lines of one answer of the log API into (nanoseconds, ordinal, text), new ones only."""

    def __init__(self, seek: Seek) -> None:
        self.seek = seek
        self.odd = b""  # what came before any line with a time: a kubelet that has no log says so in such a line
        self._numbering = Numbering()
        self._ns = 0
        self._open = False  # the last line was cut: what comes next continues it

    def take(self, raw: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
        """Look at ``seek.missed`` afterwards: then what came back is of no use."""
        found = []
        seek, number = self.seek, self._numbering.number
        for line in raw:
            parsed = None if self._open else parse(line)
            if parsed is not None:
                self._ns, text = parsed
            elif self._ns:
                text = bytes(line)
            else:
                self.odd = bytes(line)
                continue
            self._open = isinstance(line, Piece)
            ordinal = number(self._ns)
            if seek.found or not seek.passes(self._ns, ordinal, text):
                found.append((self._ns, ordinal, text))
        return found
