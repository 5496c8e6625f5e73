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

PAUSE = 0.5  # seconds, by the cluster's clock, until an informer tries again, whatever it asks for


class News:
    """Wakes whoever waits for a change of the cluster."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def tell(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def count(self) -> int:
        return self._count

    def wait(self, since: int, timeout: float | None) -> None:
        """Until there is news after ``since`` (as ``count`` returned it)."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != since, timeout)


class PolledTransport(InProcessTransport):
    """Its streams are polled."""

    selectable = True  # so that informers use the client's hub

    def __init__(self, app: Application, user: User, news: News) -> None:
        super().__init__(app, user)
        self._news = news

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        environ = environ_of("GET", path, headers, b"", self._user)
        environ["sampan.polled"] = True
        environ["sampan.stopping"] = stopping = threading.Event()
        return PolledStream(self._app, environ, stopping, self._news)


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
    """The informers of a cluster. Satisfies what ``Informer`` asks of a client's hub."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wanted: dict[Follower, Stream | float | None] = {}  # a stream, the time to wake at, or None at the start
        self._lock = threading.RLock()
        self.fresh = True  # something may have come since the last step

    def add(self, follower: Follower) -> None:
        with self._lock:
            self._wanted[follower] = None
            self.fresh = True

    def remove(self, follower: Follower) -> None:
        with self._lock:
            if self._wanted.pop(follower, self) is not self:
                try:
                    follower.close()
                except ValueError:  # it is running: a handler stops its own informer
                    return

    def step(self, holds: Callable[[Follower], bool] = lambda follower: False) -> bool:
        """Let every informer take what has come; whether any did. ``holds``: those that stay behind for now."""
        with self._lock:
            if not self.fresh and not self._is_due():
                return False
            self.fresh = False
            done = False
            for follower in list(self._wanted):
                if holds(follower):
                    self.fresh = True
                elif follower in self._wanted:
                    done |= self._advance(follower)
            return done

    def followers(self) -> list[Follower]:
        with self._lock:
            return list(self._wanted)

    def due(self) -> float | None:
        with self._lock:
            return min((each for each in self._wanted.values() if isinstance(each, float)), default=None)

    def _is_due(self) -> bool:
        due = self.due()
        return due is not None and due <= self._clock()

    def _advance(self, follower: Follower) -> bool:
        wanted = self._wanted[follower]
        if isinstance(wanted, float) and wanted > self._clock():
            return False
        before = wanted
        try:
            found = next(follower)
        except StopIteration:
            self._wanted.pop(follower, None)
            return True
        if follower not in self._wanted:
            return True
        self._wanted[follower] = self._clock() + PAUSE if isinstance(found, float) else found
        return before is not found


def client_of(app: Application, user: User, news: News, hub: PolledHub) -> Client:
    """A client whose informers belong to the hub."""
    client = Client(PolledTransport(app, user, news))
    client.hub = hub  # type: ignore[assignment]  # the part of a Hub that informers use
    return client


__all__ = ["News", "PolledHub", "PolledStream", "PolledTransport", "client_of"]
