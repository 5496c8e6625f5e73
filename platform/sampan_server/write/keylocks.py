"""Locks by key, first come first served: writes of this process that update the same object beside their own
(``Review.also_update``) go one by one.

Without them each of sixteen writers would read the object, one would commit and fifteen would start again, some of them
more often than a write may. The precondition on the object's revision stays what makes the update right: other
processes do not wait here. Thread-safe; knows nothing of stores and objects.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection


class NeedsLock(Exception):
    """Other writes hold a lock of these keys; this one starts again when it has them."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys


class KeyLock:
    """A lock of some keys, had or waited for. All of them are had at once, so that no two wait for each other."""

    __slots__ = ("_locks", "granted", "keys", "resume")

    def __init__(self, locks: KeyLocks, keys: frozenset[str]) -> None:
        self._locks = locks
        self.keys = keys
        self.granted = False
        self.resume: Callable[[], None] | None = None

    def when(self, resume: Callable[[], None]) -> None:
        """Call back once it is granted; at once where it is already."""
        if self._locks.wait(self, resume):
            resume()

    def release(self) -> None:
        """Done, or waited for no more. Once."""
        self._locks.release(self)


class KeyLocks:
    """All of one process."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held: set[str] = set()
        self._queue: list[KeyLock] = []

    def take(self, keys: Collection[str]) -> KeyLock | None:
        """A lock that is granted at once, or None."""
        with self._mutex:
            if not self._is_free(keys, self._queue):
                return None
            lock = KeyLock(self, frozenset(keys))
            self._grant(lock)
            return lock

    def join(self, keys: Collection[str]) -> KeyLock:
        """A lock at the end of the queue; it may be granted at once."""
        lock = KeyLock(self, frozenset(keys))
        with self._mutex:
            if self._is_free(keys, self._queue):
                self._grant(lock)
            else:
                self._queue.append(lock)
        return lock

    def wait(self, lock: KeyLock, resume: Callable[[], None]) -> bool:
        """Whether it is granted; else ``resume`` is kept."""
        with self._mutex:
            if not lock.granted:
                lock.resume = resume
            return lock.granted

    def release(self, lock: KeyLock) -> None:
        with self._mutex:
            if lock.granted:
                self._held -= lock.keys
                lock.granted = False
            elif lock in self._queue:
                self._queue.remove(lock)
            called = self._next()
        for resume in called:
            resume()

    def _next(self) -> list[Callable[[], None]]:
        """Grant what has become free, in order; what is to be called for it."""
        waiting: list[KeyLock] = []
        called = []
        for lock in self._queue:
            if self._is_free(lock.keys, waiting):
                self._grant(lock)
                if lock.resume is not None:
                    called.append(lock.resume)
            else:
                waiting.append(lock)
        self._queue = waiting
        return called

    def _grant(self, lock: KeyLock) -> None:
        lock.granted = True
        self._held |= lock.keys

    def _is_free(self, keys: Collection[str], before: list[KeyLock]) -> bool:
        return self._held.isdisjoint(keys) and all(lock.keys.isdisjoint(keys) for lock in before)
