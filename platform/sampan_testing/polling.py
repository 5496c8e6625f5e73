"""Watches without threads: a client whose informers are read when its caller says so.

The API server is called in the same process. A watch's generator yields an empty part where it would wait, so a poll
returns what there is and nothing is waited for. For clusters whose work is done in turns.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from sampan.contracts.access import User
from sampan_client import Client
from sampan_client.hub import Follower
from sampan_client.inprocess import Application, InProcessTransport, environ_of
from sampan_client.transports import Stream


class News:
    """Wakes those that wait for a change of the cluster."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._revision = 0

    def tell(self, revision: int = 0) -> None:
        """There is something new; ``revision``: every watch has been told of everything up to it."""
        with self._changed:
            self._count += 1
            self._revision = max(self._revision, revision)
            self._changed.notify_all()

    def catch_up(self, revision: int) -> None:
        """Wait until every watch has been told of everything up to a revision that the cache has applied."""
        if self._revision < revision:
            with self._changed:
                self._changed.wait_for(lambda: self._revision >= revision, 10)

    def count(self) -> int:
        return self._count

    def wait(self, since: int, timeout: float | None) -> None:
        """Until there is news after ``since`` (as ``count`` returned it)."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != since, timeout)


class PolledTransport(InProcessTransport):
    """Its streams are polled."""

    selectable = True  # so that informers use the client's hub

    def __init__(self, app: Application, user: User, news: News, mark: Callable[[Stream], None]) -> None:
        super().__init__(app, user)
        self._news, self._mark = news, mark

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        environ = environ_of("GET", path, headers, b"", self._user)
        environ["sampan.stopping"] = stopping = threading.Event()
        stream = PolledStream(self._app, environ, stopping, self._news)
        environ["sampan.polled"] = lambda: self._mark(stream)
        return stream


class PolledStream:
    """A watch that is read by polling its generator."""

    def __init__(self, app: Application, environ: dict[str, Any], stopping: threading.Event, news: News) -> None:
        self._app, self._environ, self._stopping, self._news = app, environ, stopping, news
        self._parts: Any = None
        self._rest = b""
        self._done = False
        self.status = 0
        self.body = b""

    @property
    def ended(self) -> bool:
        return self._done or self._stopping.is_set()

    def fileno(self) -> int:
        return -1

    def wait(self, timeout: float | None = None) -> None:
        self._news.wait(self._news.count(), timeout)

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            seen = self._news.count()
            lines = self._poll()
            left = None if deadline is None else deadline - time.monotonic()
            if lines or self.ended or (left is not None and left <= 0):
                return lines
            self._news.wait(seen, left)

    def close(self) -> None:
        self._stopping.set()
        self._finish()
        self._news.tell()

    def _poll(self) -> list[bytes]:
        if self.ended:
            return []
        if self._parts is None:
            self._parts = iter(self._app(self._environ, self._start))
        data = self._rest
        for part in self._parts:
            if not part:
                break
            data += part
        else:
            self._finish()
        if self.status >= 400:
            self.body, self._rest = data, data
            return []
        *lines, self._rest = data.split(b"\n")
        return [line for line in lines if line]

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        self.status = int(status.split(" ", 1)[0])
        return lambda data: None

    def _finish(self) -> None:
        self._done = True
        parts, self._parts = self._parts, None
        if parts is not None and (close := getattr(parts, "close", None)) is not None:
            close()


class PolledHub:
    """The informers of a cluster. Satisfies what ``Informer`` asks of a client's hub. ``eager``: an informer whose
    watch has ended opens the next one without a pause, so that it is never behind."""

    def __init__(self, clock: Callable[[], float], *, eager: bool = False) -> None:
        self._clock, self._eager = clock, eager
        self._wanted: dict[Follower, Stream | float | None] = {}  # a stream, the time to wake at, or None at the start
        self._fresh: set[Stream] = set()  # streams with something to read
        self._number: dict[Follower, int] = {}
        self._lock = threading.RLock()

    def add(self, follower: Follower) -> None:
        with self._lock:
            self._number[follower] = len(self._number)
            self._wanted[follower] = None

    def remove(self, follower: Follower) -> None:
        with self._lock:
            if self._wanted.pop(follower, self) is not self:
                try:
                    follower.close()
                except ValueError:  # it is running: a handler stops its own informer
                    return

    def mark(self, stream: Stream) -> None:
        """There is something to read. Called by the API server, under no lock of this hub's."""
        self._fresh.add(stream)

    def step(self, holds: Callable[[int], bool] = lambda number: False) -> bool:
        """Let every informer take what has come; whether any did. ``holds``: those that stay behind for now, by
        number."""
        with self._lock:
            ready = [follower for follower, wanted in self._wanted.items() if self._is_ready(wanted)]
            done = False
            for follower in sorted(ready, key=self._number.__getitem__):
                if follower in self._wanted and not holds(self._number[follower]):
                    self._advance(follower)
                    done = True
            return done

    def due(self) -> float | None:
        with self._lock:
            return min((each for each in self._wanted.values() if isinstance(each, float)), default=None)

    def _is_ready(self, wanted: Stream | float | None) -> bool:
        if wanted is None:
            return True
        if isinstance(wanted, float):
            return self._eager or wanted <= self._clock()
        return wanted in self._fresh

    def _advance(self, follower: Follower) -> None:
        wanted = self._wanted[follower]
        if wanted is not None and not isinstance(wanted, float):
            self._fresh.discard(wanted)
        try:
            found = next(follower)
        except StopIteration:
            self._wanted.pop(follower, None)
            return
        if follower in self._wanted:
            self._wanted[follower] = self._clock() + found if isinstance(found, float) else found


def client_of(app: Application, user: User, news: News, hub: PolledHub) -> Client:
    """A client whose informers belong to the hub."""
    client = Client(PolledTransport(app, user, news, hub.mark))
    client.hub = hub  # type: ignore[assignment]  # the part of a Hub that informers use
    return client


__all__ = ["News", "PolledHub", "PolledStream", "PolledTransport", "client_of"]
