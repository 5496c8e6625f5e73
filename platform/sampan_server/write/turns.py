"""Turns: writes of this process that update the same object beside their own (``Review.also_update``) go one by one.

Without turns each would read the object, and of sixteen that commit one would win while fifteen start again, some for
ever. The precondition on the object's revision stays what makes the update right: other processes take no turns here.
Thread-safe; knows nothing of stores and objects.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection


class NeedsTurn(Exception):
    """Others are before this write; it starts again when they are done."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys


class Turn:
    """A place in the queue for some keys; all of them are had at once, so that two writes never wait for each other."""

    __slots__ = ("_turns", "granted", "keys", "resume")

    def __init__(self, turns: Turns, keys: frozenset[str]) -> None:
        self._turns = turns
        self.keys = keys
        self.granted = False
        self.resume: Callable[[], None] | None = None

    def when(self, resume: Callable[[], None]) -> None:
        """Call back when it is this one's turn; at once where it is already."""
        if self._turns.wait(self, resume):
            resume()

    def release(self) -> None:
        """Done, or given up while waiting."""
        self._turns.release(self)


class Turns:
    """The queue of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._queue: list[Turn] = []

    def take(self, keys: Collection[str]) -> Turn | None:
        """A turn that is granted at once, or None where others are before."""
        with self._lock:
            if not self._is_free(keys, self._queue):
                return None
            turn = Turn(self, frozenset(keys))
            self._grant(turn)
            return turn

    def join(self, keys: Collection[str]) -> Turn:
        """A turn at the end of the queue; it may be granted at once."""
        turn = Turn(self, frozenset(keys))
        with self._lock:
            if self._is_free(keys, self._queue):
                self._grant(turn)
            else:
                self._queue.append(turn)
        return turn

    def wait(self, turn: Turn, resume: Callable[[], None]) -> bool:
        """Whether it is granted; else ``resume`` is kept."""
        with self._lock:
            if not turn.granted:
                turn.resume = resume
            return turn.granted

    def release(self, turn: Turn) -> None:
        with self._lock:
            if turn.granted:
                self._held -= turn.keys
                turn.granted = False
            elif turn in self._queue:
                self._queue.remove(turn)
            called = self._next()
        for resume in called:
            resume()

    def _next(self) -> list[Callable[[], None]]:
        """Grant what has become free, in order; what is to be called for it."""
        waiting: list[Turn] = []
        called = []
        for turn in self._queue:
            if self._is_free(turn.keys, waiting):
                self._grant(turn)
                if turn.resume is not None:
                    called.append(turn.resume)
            else:
                waiting.append(turn)
        self._queue = waiting
        return called

    def _grant(self, turn: Turn) -> None:
        turn.granted = True
        self._held |= turn.keys

    def _is_free(self, keys: Collection[str], before: list[Turn]) -> bool:
        return self._held.isdisjoint(keys) and all(turn.keys.isdisjoint(keys) for turn in before)
