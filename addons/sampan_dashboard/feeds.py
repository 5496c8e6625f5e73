"""Watches that several pages of one user share: one per kind, namespace and selector, as rows of the server's Table.

A feed keeps its last rows for a while, so that a page that was listed a moment ago misses nothing; a page that is older
is told to load again. Knows nothing of HTML.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan.errors import StatusError
from sampan_client import Client
from sampan_client.client import event_of, failure_of
from sampan_client.hub import start_thread
from sampan_client.paths import path_of, with_query
from sampan_client.transports import Response, Stream

log = logging.getLogger(__name__)

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
KEPT = 2000  # rows that a late page may catch up with
AGAIN = 2.0  # seconds until a broken watch is opened again
TIMEOUT = 600  # seconds that one watch lasts


class Change(NamedTuple):
    """One row that came, changed or went; ``type`` as in a watch, or RELOAD, then without row."""

    type: str
    row: Object
    revision: int


Listener = Callable[[list[Change]], None]
Key = tuple[Resource, str, str]  # kind, namespace, label selector


class Feeds:
    """The feeds of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._feeds: dict[Key, Feed] = {}

    def join(self, key: Key, since: str, listener: Listener) -> Callable[[], None]:
        """Call the listener, on any thread, with all that changes after revision ``since``. Returns what ends that."""
        with self._lock:
            feed = self._feeds.get(key)
            if feed is None or feed.ended:
                feed = self._feeds[key] = Feed(self._client, key, since)
                feed.add(listener, since)
                feed.start()  # not before: a watch that is refused at once has someone to tell
            else:
                feed.add(listener, since)

        def leave() -> None:
            with self._lock:
                if feed.remove(listener) and self._feeds.get(key) is feed:
                    del self._feeds[key]
                    feed.close()

        return leave

    def count(self) -> int:
        return len(self._feeds)

    def close(self) -> None:
        with self._lock:
            feeds, self._feeds = list(self._feeds.values()), {}
        for feed in feeds:
            feed.close()


class Feed:
    """One watch and its listeners."""

    def __init__(self, client: Client, key: Key, since: str) -> None:
        self._client, self._key = client, key
        self._revision = since
        self._start = number(since)
        self._recent: deque[Change] = deque(maxlen=KEPT)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._follower: Generator[Stream | float, None, None] | None = None
        self._stop = threading.Event()

    @property
    def ended(self) -> bool:
        return self._stop.is_set()

    def start(self) -> None:
        follower = self._follow()
        if self._client.transport.selectable:
            self._follower = follower
            self._client.hub.add(follower)
        else:
            start_thread(lambda: self._run(follower), "dashboard feed")

    def add(self, listener: Listener, since: str) -> None:
        at = number(since)
        with self._lock:
            known = at >= self._start and not self.ended
            missed = [change for change in self._recent if change.revision > at]
            self._listeners.append(listener)
        if not known:
            listener([Change("RELOAD", {}, 0)])
        elif missed:
            listener(missed)

    def remove(self, listener: Listener) -> bool:
        """Whether it was the last."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
            return not self._listeners

    def close(self) -> None:
        self._stop.set()
        if self._follower is not None:
            self._client.hub.remove(self._follower)
        if (stream := self._stream) is not None:
            stream.close()

    def _follow(self) -> Generator[Stream | float, None, None]:
        """For the hub: yields the stream to wait for, or seconds."""
        while not self._stop.is_set():
            try:
                self._stream = stream = self._open()
                while not stream.ended and not self._stop.is_set():
                    yield stream
                    self._take(stream.read(0))
                if stream.status >= 400:
                    raise failure_of(Response(stream.status, {}, stream.body))
            except StatusError as error:
                if error.code in (401, 403, 404, 410):
                    self._lose()
                    return
                yield AGAIN
            except ConnectionError as error:
                log.debug("dashboard: a watch broke: %s", error)
                yield AGAIN
            finally:
                if self._stream is not None:
                    self._stream.close()
                    self._stream = None

    def _open(self) -> Stream:
        resource, namespace, labels = self._key
        query: dict[str, object] = {
            "watch": True, "allowWatchBookmarks": True, "resourceVersion": self._revision, "labelSelector": labels,
            "timeoutSeconds": TIMEOUT, "includeObject": "Metadata",
        }  # fmt: skip
        path = with_query(path_of(resource, namespace), query)
        return self._client.transport.stream(path, {"Accept": TABLE, "User-Agent": "sampan-dashboard"})

    def _take(self, lines: list[bytes]) -> None:
        changes: list[Change] = []
        for line in lines:
            type_, found = event_of(line)
            rows = found.get("rows")
            metadata = found.get("metadata") or {}
            for row in rows or ():
                metadata = (row.get("object") or {}).get("metadata") or metadata
                if type_ != "BOOKMARK":
                    changes.append(Change(type_, row, number(str(metadata.get("resourceVersion") or ""))))
            self._revision = str(metadata.get("resourceVersion") or self._revision)
        if changes:
            self._tell(changes)

    def _lose(self) -> None:
        """The watch cannot go on from where it is: pages load again, and a new feed begins."""
        self._stop.set()
        self._tell([Change("RELOAD", {}, 0)])

    def _tell(self, changes: list[Change]) -> None:
        with self._lock:
            self._recent.extend(change for change in changes if change.type != "RELOAD")
            if len(self._recent) == KEPT:
                self._start = max(self._start, self._recent[0].revision)
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(changes)
            except Exception:
                log.exception("dashboard: a page cannot be told of changes")

    def _run(self, follower: Generator[Stream | float, None, None]) -> None:
        """Without a descriptor to select on: a thread of its own."""
        for wanted in follower:
            if isinstance(wanted, float):
                self._stop.wait(wanted)
            else:
                wanted.wait(0.5)


def number(revision: str) -> int:
    """Revisions are compared as numbers (KEP-5504); one that is none is older than all."""
    return int(revision) if revision.isdigit() else -1


def sse(event: str, data: Any) -> bytes:
    """One event of text/event-stream; JSON has no line break."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), msgspec.json.encode(data))
