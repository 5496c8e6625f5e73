"""Watches as plain generators: for in-process clients and for WSGI servers that are not ours. One thread each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from sampan.errors import Expired, StatusError
from sampan_server.cache.cache import Cache
from sampan_server.cache.events import Event
from sampan_server.watch.audience import Audience
from sampan_server.watch.watcher import View

MOST_PENDING = 100_000  # events a stream may be behind
BOOKMARK_EVERY = 60.0


class Stream:
    """One watcher behind a generator."""

    __slots__ = ("bookmarks", "deadline", "events", "failure", "news", "polled", "prefix", "stopping", "view")

    def __init__(
        self, prefix: str, view: View, bookmarks: bool, deadline: float, stopping: threading.Event | None = None,
        polled: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self.prefix = prefix
        self.view = view
        self.bookmarks = bookmarks
        self.deadline = deadline
        self.events: deque[Event] = deque()
        self.failure: StatusError | None = None
        self.news = threading.Event()
        #: Set by an in-process client that wants no more; it has no socket whose closing would tell.
        self.stopping = stopping
        #: Of an in-process client that has no thread to wait on: called when there is something to read. An empty part
        #: tells it that there is no more for now.
        self.polled = polled

    def tell(self) -> None:
        """There is something to read, or the end."""
        self.news.set()
        if self.polled is not None:
            self.polled()


class Streams:
    """All watches that are generators."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._clock = clock
        self._audiences: dict[str, Audience[Stream]] = {}
        self._told: set[Stream] = set()
        cache.after_batch.append(self._notify)

    def __len__(self) -> int:
        return sum(audience.count for audience in self._audiences.values())

    def listen(self, prefix: str, event: Event) -> None:
        """An event has happened; the cache's lock is held."""
        audience = self._audiences.get(prefix)
        if audience is None or not audience.count:
            return
        parts = event.key.split("/")
        namespace, name = (parts[3], parts[4]) if len(parts) > 4 else ("", parts[-1])
        for stream in audience.concerned(namespace, name):
            if len(stream.events) >= MOST_PENDING:
                stream.failure = Expired("the client takes events too slowly: too old resource version")
                audience.leave(stream)
            stream.events.append(event)
            self._told.add(stream)

    def join(self, stream: Stream) -> None:
        """From here on; the cache's lock is held."""
        self._audiences.setdefault(stream.prefix, Audience()).join(stream)

    def end_all(self, failure: StatusError | None) -> None:
        """Finish every stream, with an ERROR event if there is a failure."""
        with self._cache.lock:
            members = [stream for audience in self._audiences.values() for stream in audience]
        for stream in members:
            stream.failure = failure
            stream.deadline = 0.0
            stream.tell()

    def end_gone(self) -> None:
        """Finish the watches of kinds that are served no more, or not as they were, with all that happened before."""
        with self._cache.lock:
            for audience in self._audiences.values():
                for stream in audience:
                    if stream.view.selection.served.gone:
                        stream.deadline = 0.0
                        stream.tell()

    def lines(self, stream: Stream, first: Iterable[bytes]) -> Iterator[bytes]:
        """The answer's body; leaving it (close) ends the watch."""
        try:
            yield from filter(None, first)
            marked = self._clock()
            while True:
                batch = self._take(stream)
                if batch:
                    yield batch
                if stream.failure is not None:
                    yield stream.view.error(stream.failure)
                    return
                now = self._clock()
                if now >= stream.deadline or (stream.stopping is not None and stream.stopping.is_set()):
                    return
                if stream.bookmarks and now - marked >= BOOKMARK_EVERY:
                    marked = now
                    yield self._bookmark(stream)
                if stream.polled is not None:
                    yield b""
                    continue
                patience = 1.0 if stream.stopping is not None else BOOKMARK_EVERY
                stream.news.wait(min(patience, stream.deadline - now))
        finally:
            with self._cache.lock:
                self._audiences[stream.prefix].leave(stream)

    def _take(self, stream: Stream) -> bytes:
        stream.news.clear()
        frames = []
        try:
            while stream.events:
                frame = stream.view.frame(stream.events.popleft())
                if frame is not None:
                    frames.append(frame)
        except StatusError as error:  # a conversion failed
            stream.failure = error
        return b"".join(frames)

    def _bookmark(self, stream: Stream) -> bytes:
        with self._cache.lock:
            revision = self._cache.revision
            converts = stream.view.selection.served.blocks
            pending = b"" if converts else self._take(stream)
            if converts and stream.events:
                return b""  # conversions may wait, and the lock cannot; there is a bookmark next time
        return pending + stream.view.bookmark(revision)

    def _notify(self) -> None:
        with self._cache.lock:
            told, self._told = self._told, set()
        for stream in told:
            stream.tell()
