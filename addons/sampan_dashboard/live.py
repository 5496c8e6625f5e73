"""Live pages: rows and log lines as server-sent events, on the server's loop without a thread a client.

Source: HTML standard, "Server-sent events".
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import falcon

from sampan.contracts.kinds import Resource
from sampan_client.client import failure_of
from sampan_client.hub import Follower, start_thread
from sampan_client.paths import path_of
from sampan_client.transports import Response, Stream
from sampan_dashboard import logs, tables
from sampan_dashboard.feeds import Change, sse
from sampan_dashboard.reading import Target, kind_of, table, target_of
from sampan_dashboard.web import HEADERS, Pages

STREAM = "text/event-stream"
BEAT = 20.0  # seconds between two comments that keep a quiet connection open
MOST_BUFFERED = 1 << 20  # bytes that a slow browser may leave unread; then it connects again
LONGEST_LINE = 64 * 1024

Send = Callable[[bytes], None]
#: Begins to send, returns what ends it.
Begin = Callable[[Send], Callable[[], None]]


class LiveRows:
    """The rows of a list that came, changed or went, each as HTML made by the template of the list."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str) -> None:
        account, found = kind_of(req, kind)
        namespace, labels, words, since = (req.get_param(n) or "" for n in ("namespace", "labels", "q", "since"))
        resource, wide = found.resource, req.get_param("wide") == "1"
        columns = tables.columns(table(account.client, resource, namespace, labels=labels, limit=1), wide=wide)
        many = resource.namespaced and not namespace
        since = req.get_header("Last-Event-ID") or since

        def events(changes: Sequence[Change]) -> bytes:
            return b"".join(self._event(change, columns, resource, words, many) for change in changes)

        def begin(send: Send) -> Callable[[], None]:
            return account.feeds.join(
                (resource, namespace, labels), since, lambda changes: send(events(changes))
            )  # fmt: skip

        stream(req, resp, begin)

    def _event(
        self, change: Change, columns: Sequence[tables.Column], resource: Resource, words: str, many: bool
    ) -> bytes:  # fmt: skip
        if change.type == "RELOAD":
            return sse("reload", {})
        row = tables.row(change.row, columns)
        gone = change.type == "DELETED" or not tables.matches(row, words)
        html = "" if gone else self._pages.rows([row], columns, resource, many)
        event = sse("row", {"uid": row.uid, "gone": gone, "new": change.type == "ADDED", "html": html})
        return b"id: %d\n%b" % (change.revision, event)


class LiveLogs:
    """The lines of one pod, or of all pods of a workload merged as they come."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = target_of(req, kind, namespace, name)
        asked = logs.Asked.of(req)
        sources = logs.sources(target.account, target, asked)
        stream(req, resp, lambda send: LogStreams(target, sources, asked, send).begin())


class LogStreams:
    """Follows logs on the hub of the user's client."""

    def __init__(self, target: Target, sources: Sequence[logs.Source], asked: logs.Asked, send: Send) -> None:
        self._client, self._resource = target.client, target.account.kind("pods")
        self._sources, self._asked, self._send = sources, asked, send
        self._stop = threading.Event()
        self._followers: list[Follower] = []

    def begin(self) -> Callable[[], None]:
        for source in self._sources:
            follower = self._follow(source)
            if self._client.transport.selectable:
                self._followers.append(follower)
                self._client.hub.add(follower)
            else:
                start_thread(lambda one=follower: self._run(one), "dashboard log")  # type: ignore[misc]
        return self._end

    def _end(self) -> None:
        self._stop.set()
        for follower in self._followers:
            self._client.hub.remove(follower)

    def _follow(self, source: logs.Source) -> Generator[Stream | float, None, None]:
        assert self._resource is not None
        path = path_of(self._resource.resource, source.namespace, source.pod, "log")
        query = self._asked.query(source.container, follow=True)
        found = None
        try:
            found = self._client.open_lines(path, query=query, longest=LONGEST_LINE)
            while not found.ended and not self._stop.is_set():
                yield found
                lines = found.read(0)
                if lines:
                    self._send(b"".join(self._line(source, line) for line in lines))
            if found.status >= 400:
                raise failure_of(Response(found.status, {}, found.body))
            if not self._stop.is_set():
                self._send(sse("end", {"source": source.label}))
        except Exception as error:
            self._send(sse("line", {"source": source.label, "time": "", "text": str(error), "bad": True}))
        finally:
            if found is not None:
                found.close()

    def _line(self, source: logs.Source, line: bytes) -> bytes:
        time, text = logs.timed(line)
        if not self._asked.takes(text, time):
            return b""
        event = sse("line", {"source": source.label, "time": time, "text": text, "bad": False})
        return b"id: %b\n%b" % (time.encode(), event) if time else event

    def _run(self, follower: Follower) -> None:
        for wanted in follower:
            if not isinstance(wanted, float):
                wanted.wait(0.2)


def stream(req: falcon.Request, resp: falcon.Response, begin: Begin) -> None:
    """Answer with events until the browser goes away. ``begin`` may send from any thread."""
    loop = req.env.get("sampan.loop")
    if loop is not None:
        from sampan_http.handoff import Hijacked

        raise Hijacked(lambda connection: OnLoop(loop, connection).run(begin))
    resp.content_type = STREAM
    resp.stream = Pulled(begin)


class OnLoop:
    """One browser's connection on the event loop."""

    def __init__(self, loop: Any, connection: Any) -> None:
        self._loop, self._connection = loop, connection
        self._closed = False
        self._leave: Callable[[], None] | None = None

    def run(self, begin: Begin) -> None:
        """On the loop; the joining waits for no one, but ending may, and happens on a thread of its own."""
        head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        self._connection.on_close = self._gone
        self._connection.send(
            f"HTTP/1.1 200 OK\r\nContent-Type: {STREAM}\r\nX-Accel-Buffering: no\r\n{head}Connection: close\r\n\r\n"
            "retry: 2000\n\n".encode()
        )
        self._leave = begin(self._send)
        self._beat()

    def _send(self, data: bytes) -> None:
        if data:
            self._loop.call_soon(lambda: self._write(data))

    def _write(self, data: bytes) -> None:
        if self._closed:
            return
        if self._connection.buffered() > MOST_BUFFERED:
            self._connection.abort()
            return
        self._connection.send(data)

    def _beat(self) -> None:
        if not self._closed:
            self._write(b": still here\n\n")
            self._loop.call_later(BEAT, self._beat)

    def _gone(self) -> None:
        self._closed = True
        if self._leave is not None:
            start_thread(self._leave, "dashboard leave")


class Pulled:
    """The same under a server without the loop: an iterator that waits."""

    def __init__(self, begin: Begin) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(1000)
        self._leave = begin(self._put)

    def __iter__(self) -> Iterator[bytes]:
        yield b"retry: 2000\n\n"
        while True:
            try:
                yield self._queue.get(timeout=BEAT)
            except queue.Empty:
                yield b": still here\n\n"

    def close(self) -> None:
        self._leave()

    def _put(self, data: bytes) -> None:
        if data:
            try:
                self._queue.put_nowait(data)
            except queue.Full:
                return  # the browser asks for what it missed when it connects again
