"""Events that wait for a backend: bounded, and taken in batches.

Requests do not wait for the log (upstream's mode ``batch``): where a backend is slower than the events come, the newest
are dropped and counted.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Backlog(Generic[Item]):
    """Filled by any thread, emptied by one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: deque[Item] = deque()
        self._filled = threading.Event()
        self.dropped = 0

    def put(self, item: Item) -> None:
        """Costs no lock: a deque's append is atomic in CPython."""
        if len(self._items) >= self._most:
            self.dropped += 1
            return
        self._items.append(item)
        if not self._filled.is_set():
            self._filled.set()

    def wait(self, seconds: float) -> bool:
        """Whether there is something, within so many seconds."""
        return self._filled.wait(seconds)

    def wake(self) -> None:
        self._filled.set()

    def take(self, most: int) -> list[Item]:
        self._filled.clear()  # before the queue is read: what is put from now on sets it again
        items = self._items
        found = [items.popleft() for _ in range(min(most, len(items)))]
        if items:
            self._filled.set()
        return found

    def __len__(self) -> int:
        return len(self._items)
