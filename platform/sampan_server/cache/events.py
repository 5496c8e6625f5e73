"""Recent changes of one collection, kept so that a watch may start in the past.

Bounded three ways: number, bytes of superseded states, age. Knows nothing of watchers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from sampan_server.cache.records import Record


class Event:
    """One change. ``new`` None = deleted; ``old`` None = created. ``frames`` holds encodings made for watchers."""

    __slots__ = ("_gone", "at", "frames", "key", "new", "old", "revision")

    def __init__(self, revision: int, key: str, new: Record | None, old: Record | None, at: float) -> None:
        self.revision = revision
        self.key = key
        self.new = new
        self.old = old
        self.at = at
        self.frames: dict[Any, bytes] = {}
        self._gone: Record | None = None

    def gone(self) -> Record:
        """The old state under this event's revision, as DELETED shows it."""
        if self._gone is None:
            assert self.old is not None
            self._gone = self.old.moved(self.revision)
        return self._gone


class Ring:
    """The recent events of one collection, oldest first."""

    def __init__(self, start: int, *, count: int = 50_000, size: int = 32 << 20, age: float = 600.0) -> None:
        self.events: deque[Event] = deque()
        self.oldest = start  # a watch may start after this revision or any later one
        self._count, self._size, self._age = count, size, age
        self._bytes = 0

    def add(self, event: Event) -> None:
        self.events.append(event)
        self._bytes += _weight(event)
        if len(self.events) > self._count or self._bytes > self._size or self.events[0].at < event.at - self._age:
            self.trim(event.at)

    def trim(self, now: float) -> None:
        """Let go of what is beyond the bounds."""
        events = self.events
        while events and (len(events) > self._count or self._bytes > self._size or events[0].at < now - self._age):
            dropped = events.popleft()
            self._bytes -= _weight(dropped)
            self.oldest = dropped.revision

    def forget(self, revision: int) -> None:
        """Let go of everything up to and including a revision (the store has compacted it)."""
        while self.events and self.events[0].revision <= revision:
            self._bytes -= _weight(self.events.popleft())
        self.oldest = max(self.oldest, revision)

    def after(self, revision: int) -> Iterator[Event]:
        """Events later than the revision, oldest first."""
        if not self.events or self.events[-1].revision <= revision:
            return iter(())
        found = []
        for event in reversed(self.events):
            if event.revision <= revision:
                break
            found.append(event)
        return reversed(found)


def _weight(event: Event) -> int:
    """Bytes that only the ring keeps alive, roughly: the superseded state and the event itself."""
    return 300 + (len(event.old.body) if event.old is not None else 0)
