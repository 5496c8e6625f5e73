"""Back-pressure for writes: counts the bytes that are queued on all connections together. Knows nothing of sockets.

Large answers are often one buffer that many connections share (a list, the first state of a watch). A shared buffer is
counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class QueuedBytes:
    """One per loop. Loop thread only. Above ``most`` bytes, the connections with the oldest queues are closed: a client
    that reads empties its queue within seconds."""

    __slots__ = ("_by_connection", "_close", "_pieces", "most", "total")

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self._pieces: Counter[int] = Counter()  # pieces by id of the buffer; a queued piece keeps its buffer alive
        self._by_connection: dict[object, Counter[int]] = {}  # buffers by connection; the oldest queue comes first
        self._close: dict[object, Callable[[], None]] = {}

    def add(self, connection: object, buffer: Buffer, close: Callable[[], None]) -> None:
        """``connection`` has queued a piece of ``buffer``. ``close`` closes it."""
        number = id(buffer)
        if not self._pieces[number]:
            self.total += _size(buffer)
        self._pieces[number] += 1
        held = self._by_connection.get(connection)
        if held is None:
            held = self._by_connection[connection] = Counter()
            self._close[connection] = close
        held[number] += 1
        while self.total > self.most and (oldest := next(iter(self._by_connection))) is not connection:
            close_oldest = self._close[oldest]
            close_oldest()  # removes all pieces of that connection

    def remove(self, connection: object, buffer: Buffer) -> None:
        """A piece of ``buffer`` has been sent or dropped."""
        number = id(buffer)
        held = self._by_connection[connection]
        held[number] -= 1
        if not held[number]:
            del held[number]
            if not held:
                del self._by_connection[connection], self._close[connection]
        self._pieces[number] -= 1
        if not self._pieces[number]:
            del self._pieces[number]
            self.total -= _size(buffer)


def _size(buffer: Buffer) -> int:
    return memoryview(buffer).nbytes
