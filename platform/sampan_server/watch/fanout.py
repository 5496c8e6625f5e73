"""Events on their way to watchers: so many at a turn of the loop that no request waits for long.

An event for 3,000 watchers takes 45 ms to send. What is left after some milliseconds is sent in the next turns, between
other requests; each watcher gets its events in order, and those that wait for it by one call. For the loop's thread.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from sampan_server.cache.events import Event
from sampan_server.watch.audience import Audience
from sampan_server.watch.framing import CHUNKED, Framing
from sampan_server.watch.watcher import View

#: Seconds of a turn until no further event is encoded, and until nothing further is sent.
ENCODING, SENDING = 0.004, 0.008
CHECKED_EVERY = 16  # watchers


class Recipient(Protocol):
    """Who is sent events."""

    @property
    def view(self) -> View: ...

    @property
    def framing(self) -> Framing: ...


Member = TypeVar("Member", bound=Recipient)


class FanOut(Generic[Member]):
    """``send`` sends to a watcher that may have left; it may call ``take``, but no other method."""

    def __init__(self, send: Callable[[Member, bytes], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._send, self._clock = send, clock
        self._events: deque[tuple[Audience[Member], Event]] = deque()
        self._unsent: dict[Member, list[bytes]] = {}
        self._order: deque[Member] = deque()  # who has something unsent, first come first; and some who have left

    def put(self, events: Iterable[tuple[Audience[Member], Event]]) -> None:
        self._events.extend(events)

    def add(self, watcher: Member, data: bytes) -> None:
        """For one watcher, behind what was encoded for it before."""
        lines = self._unsent.get(watcher)
        if lines is None:
            self._unsent[watcher] = [data]
            self._order.append(watcher)
        else:
            lines.append(data)

    def take(self, watcher: Member) -> bytes:
        """What was encoded for a watcher and is not sent; it is not sent any more."""
        return b"".join(self._unsent.pop(watcher, ()))

    def turn(self) -> bool:
        """Go on for a while; whether anything is left."""
        began = self._clock()
        while self._events:
            self._encode()
            if self._clock() - began > ENCODING:
                break
        count = 0
        while self._order:
            self._send_next()
            count += 1
            if not count % CHECKED_EVERY and self._clock() - began > SENDING:
                break
        return bool(self._events or self._order)

    def encode_all(self) -> None:
        while self._events:
            self._encode()

    def finish(self) -> None:
        """All that is left, however long it takes."""
        self.encode_all()
        while self._order:
            self._send_next()

    def _encode(self) -> None:
        audience, event = self._events.popleft()
        parts = event.key.split("/")
        namespace, name = (parts[3], parts[4]) if len(parts) > 4 else ("", parts[-1])
        for watcher in audience.concerned(namespace, name):
            frame = framed(watcher, event)
            if frame is not None:
                self.add(watcher, frame)

    def _send_next(self) -> None:
        watcher = self._order.popleft()
        lines = self._unsent.pop(watcher, None)
        if lines is not None:
            self._send(watcher, lines[0] if len(lines) == 1 else b"".join(lines))


def framed(watcher: Recipient, event: Event) -> bytes | None:
    """The event as it travels to the watcher, or None where it does not concern it. Made once for all alike."""
    line = watcher.view.frame(event)
    if line is None:
        return None
    framing = watcher.framing
    name = line if framing is CHUNKED else (line, framing.name)
    found = event.frames.get(name)
    if found is None:
        found = event.frames[name] = framing.frame(line)
    return found
