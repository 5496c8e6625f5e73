"""How many bytes all connections together hold for clients that have not taken them. Knows nothing of sockets.

Large answers are often one buffer that many connections share (a list, the first state of a watch): a buffer is counted
once, however many connections hold it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Ledger:
    """One for each loop, for its thread only. Beyond ``most`` bytes the connections that have held theirs longest are
    cut off: a client that reads does so within seconds."""

    __slots__ = ("_cut_off", "_held", "_holders", "most", "total")

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self._holders: Counter[int] = Counter()  # of a buffer, by its id; the pieces queued keep the buffer alive
        self._held: dict[object, Counter[int]] = {}  # by connection, the one that has held longest first
        self._cut_off: dict[object, Callable[[], None]] = {}

    def hold(self, holder: object, buffer: Buffer, cut_off: Callable[[], None]) -> None:
        """A connection has queued a piece of the buffer."""
        number = id(buffer)
        if not self._holders[number]:
            self.total += _size(buffer)
        self._holders[number] += 1
        held = self._held.get(holder)
        if held is None:
            held = self._held[holder] = Counter()
            self._cut_off[holder] = cut_off
        held[number] += 1
        while self.total > self.most and (oldest := next(iter(self._held))) is not holder:
            cut = self._cut_off[oldest]
            cut()  # it lets go of all that it holds

    def let_go(self, holder: object, buffer: Buffer) -> None:
        """A piece of the buffer has been sent, or is dropped."""
        number = id(buffer)
        held = self._held[holder]
        held[number] -= 1
        if not held[number]:
            del held[number]
            if not held:
                del self._held[holder], self._cut_off[holder]
        self._holders[number] -= 1
        if not self._holders[number]:
            del self._holders[number]
            self.total -= _size(buffer)


def _size(buffer: Buffer) -> int:
    return memoryview(buffer).nbytes
