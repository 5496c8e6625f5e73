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
from sampan.errors import StatusError
from sampan_client.client import failure_of
from sampan_client.hub import Follower, start_thread
from sampan_client.paths import path_of
from sampan_client.transports import Response, Stream
from sampan_dashboard import logs, tables
from sampan_dashboard.contributions import Added, Contributions
from sampan_dashboard.feeds import AGAIN, Change, Key, sse
from sampan_dashboard.reading import Target, kind_of, table, target_of
from sampan_dashboard.web import HEADERS, Pages

STREAM = "text/event-stream"
BEAT = 20.0  # seconds between two comments that keep a quiet connection open
MOST_BUFFERED = 1 << 20  # bytes that a slow browser may leave unread; then it connects again
LONGEST_LINE = 64 * 1024
LONGEST_PAUSE = 30.0  # seconds between two looks at a log that has ended

Send = Callable[[bytes], None]
#: Begins to send, returns what ends it.
Begin = Callable[[Send], Callable[[], None]]


class LiveRows:
    """The rows of a list that came, changed or went, each as HTML made by the template of the list."""

    def __init__(self, pages: Pages, added: Contributions) -> None:
        self._pages, self._added = pages, added

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str) -> None:
        account, found = kind_of(req, kind)
        namespace, labels, words, since = (req.get_param(n) or "" for n in ("namespace", "labels", "q", "since"))
        resource, wide = found.resource, req.get_param("wide") == "1"
        columns = tables.columns(table(account.client, resource, namespace, labels=labels, limit=1), wide=wide)
        many = resource.namespaced and not namespace
        since = req.get_header("Last-Event-ID") or since
        # Their texts are not asked for again at each event: the page keeps those that it has.
        empty = [Added(str(each.title), {}, "") for _, each in self._added.added(resource.group_resource, wide=wide)]

        def events(changes: Sequence[Change]) -> bytes:
            return b"".join(self._event(change, columns, resource, words, many, empty) for change in changes)

        def begin(send: Send) -> Callable[[], None]:
            return account.feeds.join(
                (resource, namespace, labels), since, lambda changes: send(events(changes))
            )  # fmt: skip

        stream(req, resp, begin)

    def _event(
        self, change: Change, columns: Sequence[tables.Column], resource: Resource, words: str, many: bool,
        empty: Sequence[Added],
    ) -> bytes:  # fmt: skip
        if change.type == "RELOAD":
            return sse("reload", {})
        row = tables.row(change.row, columns)
        gone = change.type == "DELETED" or not tables.matches(row, words)
        html = "" if gone else self._pages.rows([row], columns, resource, many, empty)
        event = sse("row", {"uid": row.uid, "gone": gone, "new": change.type == "ADDED", "html": html})
        return b"id: %d\n%b" % (change.revision, event)


class LiveLogs:
    """The lines of one pod, or of all pods of a workload merged as they come."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = target_of(req, kind, namespace, name)
        asked = logs.Asked.of(req)
        sources = logs.sources(target.account, target, asked)
        labels = logs.selector_of(target.get()) if target.resource.kind != "Pod" else ""
        pods = target.account.kind("pods")
        key = (pods.resource, target.namespace, labels) if pods and labels else None
        stream(req, resp, lambda send: LogStreams(target, sources, asked, send).begin(key))


class LogStreams:
    """Follows logs on the hub of the user's client: those of the pods that are there, and of those that come."""

    def __init__(self, target: Target, sources: Sequence[logs.Source], asked: logs.Asked, send: Send) -> None:
        pods = target.account.kind("pods")
        assert pods is not None
        self._client, self._feeds, self._pods = target.client, target.account.feeds, pods.resource
        self._sources, self._asked, self._send = sources, asked, send
        self._key: Key | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._followers: list[Follower] = []
        self._known = {source.pod for source in sources}
        self._leave: Callable[[], None] = lambda: None

    def begin(self, key: Key | None) -> Callable[[], None]:
        """``key``: which pods belong to it, where new ones can come."""
        self._key = key
        for source in self._sources:
            self._add(source)
        if key is not None:
            self._leave = self._feeds.join(key, "", self._come)
        return self._end

    def _come(self, changes: Sequence[Change]) -> None:
        containers = sorted({source.container for source in self._sources})
        for change in changes:
            metadata = (change.row.get("object") or {}).get("metadata") or {}
            name = str(metadata.get("name") or "")
            if change.type == "DELETED" or not name or name in self._known:
                continue
            self._known.add(name)
            for container in containers:
                label = name if len(containers) == 1 else f"{name}/{container}"
                self._add(logs.Source(str(metadata.get("namespace") or ""), name, container, label))

    def _add(self, source: logs.Source) -> None:
        follower = self._follow(source)
        with self._lock:
            if self._stop.is_set() or len(self._followers) >= logs.MOST_SOURCES:
                return
            self._followers.append(follower)
        if self._client.transport.selectable:
            self._client.hub.add(follower)
        else:
            start_thread(lambda: self._run(follower), "dashboard log")

    def _end(self) -> None:
        self._stop.set()
        self._leave()
        with self._lock:
            followers = list(self._followers)
        if self._client.transport.selectable:
            for follower in followers:
                self._client.hub.remove(follower)

    def _follow(self, source: logs.Source) -> Generator[Stream | float, None, None]:
        """A container that has not started, or starts again, is asked again; a pod that has gone is not."""
        path = path_of(self._pods, source.namespace, source.pod, "log")
        asked, pause = self._asked, AGAIN
        while not self._stop.is_set():
            found = None
            try:
                query = asked.query(source.container, follow=True)
                found = self._client.open_lines(path, query=query, longest=LONGEST_LINE)
                while not found.ended and not self._stop.is_set():
                    yield found
                    for line in found.read(0):
                        time, text = logs.timed(line)
                        if asked.takes(text, time):
                            self._send(self._event(source, time, text))
                        asked, pause = asked._replace(since=time or asked.since), AGAIN
                if found.status >= 400:
                    raise failure_of(Response(found.status, {}, found.body))
            except StatusError as error:
                if error.code in (401, 403, 404):
                    return
            except ConnectionError as error:
                self._send(sse("line", {"source": source.label, "time": "", "text": str(error), "bad": True}))
            finally:
                if found is not None:
                    found.close()
            yield pause
            pause = min(2 * pause, LONGEST_PAUSE)

    def _event(self, source: logs.Source, time: str, text: str) -> bytes:
        event = sse("line", {"source": source.label, "time": time, "text": text, "bad": False})
        return b"id: %b\n%b" % (time.encode(), event) if time else event

    def _run(self, follower: Follower) -> None:
        for wanted in follower:
            if isinstance(wanted, float):
                self._stop.wait(wanted)
            else:
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
