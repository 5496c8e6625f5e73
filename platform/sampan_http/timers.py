"""A timer wheel: cheap, coarse deadlines for many connections. Knows nothing of what a deadline means."""

from __future__ import annotations

from typing import Protocol


class Timed(Protocol):
    """An object with a deadline. ``deadline`` 0 means none; ``slot`` is set by the wheel."""

    deadline: float
    slot: int

    def expire(self, now: float) -> None:
        """The deadline has passed (by up to one tick)."""


class TimerWheel:
    """Moving a deadline later sets one attribute; only moving it earlier changes the slots."""

    __slots__ = ("_slots", "_tick")

    def __init__(self, tick: float) -> None:
        self._tick = tick
        self._slots: dict[int, set[Timed]] = {}

    def put(self, item: Timed, deadline: float) -> None:
        item.deadline = deadline
        slot = int(deadline / self._tick) + 1
        if item.slot and item.slot <= slot:
            return  # its slot comes up earlier, and the item is moved to a later slot then
        if item.slot:
            self._slots[item.slot].discard(item)
        item.slot = slot
        self._slots.setdefault(slot, set()).add(item)

    def drop(self, item: Timed) -> None:
        """Remove the item."""
        item.deadline = 0.0
        if item.slot:
            self._slots[item.slot].discard(item)
            item.slot = 0

    def advance(self, now: float) -> None:
        """Call ``expire`` of every item whose deadline has passed."""
        current = int(now / self._tick)
        for slot in sorted(slot for slot in self._slots if slot <= current):
            items = self._slots.pop(slot)
            for item in items:
                item.slot = 0
            for item in items:
                if not item.deadline or item.slot:
                    continue
                if item.deadline > now:
                    self.put(item, item.deadline)
                else:
                    item.deadline = 0.0
                    item.expire(now)
