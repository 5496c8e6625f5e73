"""Watches on the worker's loop: hijacked connections, one wake for each batch of changes, no thread for a watcher.

``listen`` is called under the cache's lock on the feed's thread; everything else happens on the loop thread.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from sampan.errors import Expired, StatusError
from sampan_http.handoff import Connection, Loop
from sampan_server.cache.cache import Cache
from sampan_server.cache.collection import Collection
from sampan_server.cache.events import Event
from sampan_server.watch.audience import Audience
from sampan_server.watch.fanout import FanOut
from sampan_server.watch.framing import CHUNKED, SHARED_FROM, Framing, Messages, hearing
from sampan_server.watch.watcher import View

log = logging.getLogger(__name__)

MOST_BUFFERED = 8 << 20  # bytes a slow client may leave untaken beyond what it was first sent
#: The same of all watches of one user together; a first state that several watches share does not count.
MOST_OF_USER = 64 << 20
BOOKMARK_EVERY = 60.0
TOO_OLD = "too old resource version"


class Watcher:
    """One client on the loop."""

    __slots__ = ("allowed", "bookmarks", "closed", "collection", "connection", "framing", "hub", "user", "view")

    def __init__(
        self, collection: Collection, view: View, connection: Connection, bookmarks: bool, user: str = "",
        framing: Framing = CHUNKED,
    ) -> None:  # fmt: skip
        self.hub: Hub | None = None
        self.collection = collection
        self.view = view
        self.connection = connection
        self.bookmarks = bookmarks
        self.user = user
        self.framing = framing
        self.allowed = MOST_BUFFERED
        self.closed = False

    def untaken(self) -> int:
        """Bytes of events that the client has not taken, beyond what it was first sent."""
        return max(0, self.connection.buffered() - (self.allowed - MOST_BUFFERED))

    def leave(self) -> None:
        """The connection has gone, or goes now because the server stops: then the client sees a proper end."""
        if self.hub is not None and not self.closed:
            self.hub.part(self)


class Hub:
    """All watches of this process that live on the loop."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._clock = clock
        self._loop: Loop | None = None
        self._audiences: dict[str, Audience[Watcher]] = {}
        self._pending: list[tuple[Audience[Watcher], Event]] = []
        self._woken = False
        self._fan_out: FanOut[Watcher] = FanOut(self._send)
        self._going_on = False  # the rest of what was put there is sent in the next turn
        self._deadlines: list[tuple[float, int, Watcher]] = []
        self._order = count()
        self._cancel: Callable[[], None] | None = None
        self._marking = False
        self._behind: dict[str, set[Watcher]] = {}  # by user: watches that left bytes untaken when last sent something
        cache.after_batch.append(self._wake)

    def __len__(self) -> int:
        return sum(audience.count for audience in self._audiences.values())

    def listen(self, prefix: str, event: Event) -> None:
        """An event has happened; the cache's lock is held."""
        audience = self._audiences.get(prefix)
        if audience is not None and audience.count:
            self._pending.append((audience, event))

    def open(
        self, loop: Loop, connection: Connection, watcher: Watcher, first: Sequence[bytes], seconds: float, *,
        ends: bool = False, headers: Sequence[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        """Send what a watcher is shown first and keep it; the cache's lock is held, so no event falls between."""
        self._loop = loop
        watcher.hub = self
        connection.on_close = watcher.leave
        framing = watcher.framing
        if isinstance(framing, Messages):
            connection.on_data = hearing(connection.send, lambda: self.end(watcher))
        head = framing.head(watcher.view.media, headers)
        for part in filter(None, first):
            for piece in framing.state(part):
                if len(piece) > SHARED_FROM:
                    connection.send(head)
                    connection.send(piece)
                    head = b""
                else:
                    head += piece
        if head:
            connection.send(head)
        if ends:
            self.end(watcher)
            return
        watcher.allowed = connection.buffered() + MOST_BUFFERED
        prefix = watcher.collection.prefix
        self._audiences.setdefault(prefix, Audience()).join(watcher)
        if len(self._deadlines) > 2 * len(self) + 100:  # most of them have left before their time
            self._deadlines = [entry for entry in self._deadlines if not entry[2].closed]
            heapq.heapify(self._deadlines)
        heapq.heappush(self._deadlines, (self._clock() + seconds, next(self._order), watcher))
        if self._cancel is None or self._deadlines[0][2] is watcher:
            self._set_alarm()
        if watcher.bookmarks and not self._marking:
            self._marking = True
            loop.call_later(BOOKMARK_EVERY, self._mark)

    def end(self, watcher: Watcher, last: bytes = b"") -> None:
        """Finish the stream in order, with a last line if there is one."""
        if not watcher.closed:
            before = self._fan_out.take(watcher)
            self.left(watcher)
            framing = watcher.framing
            watcher.connection.send(before + (framing.frame(last) if last else b"") + framing.last)
            watcher.connection.close()

    def part(self, watcher: Watcher) -> None:
        """Finish with all that has happened and a bookmark, so that the client can go on elsewhere from there."""
        revision = self._all_encoded()
        if not watcher.closed:
            before = self._fan_out.take(watcher)
            self.left(watcher)
            framing = watcher.framing
            mark = framing.frame(watcher.view.bookmark(revision)) if watcher.bookmarks else b""
            watcher.connection.send(before + mark + framing.last)

    def _all_encoded(self) -> int:
        """The revision up to which all that has happened is encoded, if not sent."""
        with self._cache.lock:
            pending, self._pending = self._pending, []
            revision = self._cache.revision
        if pending:
            self._show(pending)
        self._fan_out.encode_all()
        return revision

    def end_gone_soon(self) -> None:
        """Finish the streams of kinds that are served no more, or not as they were, with all that happened before."""
        if self._loop is not None:
            self._loop.call_soon(self._end_gone)

    def _end_gone(self) -> None:
        self._all_encoded()
        for audience in list(self._audiences.values()):
            for watcher in audience:
                if watcher.view.selection.served.gone:
                    self._end_in_order(watcher)

    def _end_in_order(self, watcher: Watcher) -> None:
        """Behind what was sent to it before."""
        self.end(watcher)

    def end_all_soon(self, error: StatusError | None) -> None:
        """Finish every stream, with an error if there is one, from any thread."""
        if self._loop is not None:
            self._loop.call_soon(lambda: self._end_all(error))

    def _end_all(self, error: StatusError | None) -> None:
        for audience in list(self._audiences.values()):
            for watcher in audience:
                self.end(watcher, watcher.view.error(error) if error is not None else b"")

    def left(self, watcher: Watcher) -> None:
        if not watcher.closed:
            watcher.closed = True
            self._fan_out.take(watcher)
            audience = self._audiences.get(watcher.collection.prefix)
            if audience is not None:
                audience.leave(watcher)
            self._caught_up(watcher)

    def _wake(self) -> None:
        if self._pending and not self._woken and self._loop is not None:
            self._woken = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        with self._cache.lock:
            pending, self._pending = self._pending, []
            self._woken = False
        self._show(pending)

    def _show(self, pending: Sequence[tuple[Audience[Watcher], Event]]) -> None:
        """Send events to those they concern, in this turn and the next ones."""
        self._fan_out.put(pending)
        if not self._going_on:
            self._go_on()

    def _go_on(self) -> None:
        self._going_on = self._fan_out.turn()
        if self._going_on and self._loop is not None:
            self._loop.call_soon(self._go_on)

    def _send(self, watcher: Watcher, data: bytes) -> None:
        if not watcher.closed:
            watcher.connection.send(data)
            buffered = watcher.connection.buffered()
            if buffered > watcher.allowed:
                self.end(watcher, watcher.view.error(Expired(f"the client takes events too slowly: {TOO_OLD}")))
            elif buffered:
                behind = self._behind.setdefault(watcher.user, set())
                behind.add(watcher)
                if len(behind) > MOST_OF_USER // MOST_BUFFERED:  # fewer cannot hold so much
                    self._bound(behind)
            elif self._behind:
                self._caught_up(watcher)

    def _bound(self, behind: set[Watcher]) -> None:
        """End the watches that are furthest behind until the user's others keep within the bound."""
        held = {watcher: watcher.untaken() for watcher in behind}
        total = sum(held.values())
        for watcher, size in sorted(held.items(), key=lambda each: -each[1]):
            if not size:
                self._caught_up(watcher)
            elif total > MOST_OF_USER:
                total -= size
                why = f"the user's watches together take events too slowly: {TOO_OLD}"
                self.end(watcher, watcher.view.error(Expired(why)))

    def _caught_up(self, watcher: Watcher) -> None:
        behind = self._behind.get(watcher.user)
        if behind is not None:
            behind.discard(watcher)
            if not behind:
                del self._behind[watcher.user]

    def _set_alarm(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        while self._deadlines and self._deadlines[0][2].closed:
            heapq.heappop(self._deadlines)
        if self._deadlines and self._loop is not None:
            delay = max(0.0, self._deadlines[0][0] - self._clock())
            self._cancel = self._loop.call_later(delay, self._time_is_up)

    def _time_is_up(self) -> None:
        self._cancel = None
        now = self._clock()
        while self._deadlines and (self._deadlines[0][0] <= now or self._deadlines[0][2].closed):
            self.end(heapq.heappop(self._deadlines)[2])
        self._set_alarm()

    def _mark(self) -> None:
        """Tell all who asked how far they are."""
        self._marking = False
        made: dict[Any, bytes] = {}
        revision = self._all_encoded()
        for audience in list(self._audiences.values()):
            for watcher in audience:
                if watcher.bookmarks:
                    self._marking = True
                    view = watcher.view
                    name = (view.form, view.selection.served.resource, watcher.framing.name)
                    line = made.get(name)
                    if line is None:
                        line = made[name] = watcher.framing.frame(view.bookmark(revision))
                    self._send_mark(watcher, line)
        if not self._going_on:
            self._go_on()
        if self._marking and self._loop is not None:
            self._loop.call_later(BOOKMARK_EVERY, self._mark)

    def _send_mark(self, watcher: Watcher, line: bytes) -> None:
        self._fan_out.add(watcher, line)
