"""All objects of one stored resource, sorted by key, indexed by label, with recent events.

Not thread-safe by itself: ``cache.Cache`` holds the lock. Knows no kind and no HTTP.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sampan_server.cache.events import Event, Ring
from sampan_server.cache.records import FieldGetters, Record, fill_revision, labels_of

#: Called with each event, in order, while the cache's lock is held: must not block.
Listener = Callable[[Event], None]


class Collection:
    """The objects under one key prefix."""

    #: What all objects begin with, where the registry said so and none does otherwise: ``kind`` and ``apiVersion``.
    head = b""

    def __init__(self, prefix: str, getters: FieldGetters, start: int) -> None:
        self.prefix = prefix
        self.getters = getters
        self.records: dict[str, Record] = {}
        self.keys: list[str] = []
        self.changed = start  # revision of the last change
        self.ring = Ring(start)
        self.listener: Listener | None = None
        #: Gives a record that was just stored the form that readers get, where that may be another one.
        self.renew: Callable[[Record], None] | None = None
        #: Joined answers of lists that nothing has changed since; cleared by every change.
        self.answers: dict[Any, Any] = {}
        self._labels: dict[tuple[str, str], set[str]] = {}

    def load(self, entries: Iterable[tuple[str, bytes, int]]) -> None:
        """Take the first snapshot: (key, value, revision) in key order."""
        for key, value, revision in entries:
            record = Record(key, fill_revision(value, revision), revision, labels_of(value))
            self.records[key] = record
            if not record.body.startswith(self.head):
                self.head = b""
            self.keys.append(key)
            self._index(record)

    def settle(self, head: bytes, getters: FieldGetters) -> None:
        """A version of the kind has changed: what was made from the records for the former one takes no more room."""
        alike = all(record.body.startswith(head) for record in self.records.values())
        self.head, self.getters, self.answers = head if alike else b"", getters, {}
        for record in self.records.values():
            record.forget()

    def put(self, key: str, record: Record, at: float) -> Event:
        old = self.records.get(key)
        if old is None:
            insort(self.keys, key)
        elif old.labels and old.labels != record.labels:
            self._unindex(old)
        self.records[key] = record
        if not record.body.startswith(self.head):
            self.head = b""  # written before the stored version changed, or by someone else
        if record.labels and (old is None or old.labels != record.labels):
            self._index(record)
        return self._happened(Event(record.revision, key, record, old, at))

    def remove(self, key: str, revision: int, at: float) -> Event | None:
        old = self.records.pop(key, None)
        if old is None:
            return None
        del self.keys[bisect_left(self.keys, key)]
        self._unindex(old)
        return self._happened(Event(revision, key, None, old, at))

    def span(self, scope: str, after: str = "") -> tuple[int, int]:
        """Positions in ``keys`` of everything that starts with scope and is greater than ``after``."""
        keys = self.keys
        low = 0 if scope == self.prefix else bisect_left(keys, scope)
        high = len(keys) if scope == self.prefix else bisect_left(keys, scope[:-1] + "0")  # "0" follows "/"
        if after:
            low = max(low, bisect_left(keys, after + "\0"))
        return low, high

    def within(self, scope: str, after: str = "") -> Sequence[str]:
        low, high = self.span(scope, after)
        return self.keys[low:high]

    def labelled(self, pairs: Iterable[tuple[str, str]]) -> set[str] | None:
        """Keys that carry all these labels; None where no pair is given."""
        sets = [self._labels.get(pair) for pair in pairs]
        if not sets:
            return None
        if not all(sets):
            return set()
        found = sorted((group for group in sets if group), key=len)
        return found[0] if len(found) == 1 else found[0].intersection(*found[1:])

    def labelled_at_most(self, pairs: Iterable[tuple[str, str]]) -> int | None:
        """How many keys ``labelled`` finds at most."""
        return min((len(self._labels.get(pair) or ()) for pair in pairs), default=None)

    def _happened(self, event: Event) -> Event:
        self.changed = event.revision
        if self.answers:
            self.answers = {}
        self.ring.add(event)
        if self.listener is not None:
            self.listener(event)
        return event

    def _index(self, record: Record) -> None:
        for pair in record.labels.items():
            group = self._labels.get(pair)
            if group is None:
                self._labels[pair] = {record.key}
            else:
                group.add(record.key)

    def _unindex(self, record: Record) -> None:
        for pair in record.labels.items():
            group = self._labels.get(pair)
            if group is not None:
                group.discard(record.key)
                if not group:
                    del self._labels[pair]
