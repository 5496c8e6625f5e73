"""Recording Events: aggregated, rate-limited, and written by a separate thread, so that callers do not wait.

Source: client-go's events correlator (rules only): more than 10 events in 10 minutes that differ only in their message
become one "(combined from similar events)"; a repeated event increases ``count``; each object may cause a burst of 25
and then one every five minutes.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_client.client import Client
from sampan_client.hub import start_thread
from sampan_machinery.resources import EVENTS

log = logging.getLogger(__name__)


_MOST_SIMILAR = 10
_SIMILAR_FOR = 600.0  # seconds
_BURST = 25
_REFILL = 1 / 300  # tokens a second
_REMEMBERED = 4096  # entries of each cache
_QUEUED = 1000
_MESSAGE = 1024  # characters; the API refuses longer ones
_FLUSH = 2.0  # seconds that close() waits


@dataclass
class _Group:
    """Events that differ only in their message."""

    since: float = 0.0
    messages: set[str] = field(default_factory=set)


@dataclass
class _Written:
    """An Event that exists on the server."""

    name: str
    count: int


class Recorder:
    """Never blocks, never raises. Its thread starts with the first event; without one (``threaded=False``) the caller
    writes them with ``write_one``."""

    def __init__(
        self, client: Client, component: str, host: str = "", *, clock: Callable[[], float] = time.time,
        threaded: bool = True,
    ) -> None:  # fmt: skip
        self._threaded = threaded
        self._client = client
        self._host = host
        self._component = component
        self._clock = clock
        self._groups: OrderedDict[Any, _Group] = OrderedDict()
        self._buckets: OrderedDict[Any, tuple[float, float]] = OrderedDict()
        self._written: OrderedDict[Any, _Written] = OrderedDict()
        self._queue: deque[Object] = deque()
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def event(
        self, about: Object, type: str, reason: str, message: str, *, component: str = "", field: str = ""
    ) -> None:
        """Record an Event. ``about`` needs kind, apiVersion and metadata; type is Normal or Warning. ``component``
        replaces the recorder's, because one process runs many controllers. ``field`` is the fieldPath."""
        reference = reference_to(about) | ({"fieldPath": field} if field else {})
        with self._ready:
            if self._closed or len(self._queue) >= _QUEUED:
                return
            if not self._allowed(reference):
                log.debug("event %s about %s/%s is dropped: rate limit", reason, reference["kind"], reference["name"])
                return
            said = {"involvedObject": reference, "type": type, "reason": reason, "message": message}
            self._queue.append({**said, **self._reporting(component or self._component)})
            if self._thread is None and self._threaded:
                self._thread = start_thread(self._run, "events")
            self._ready.notify()

    def close(self) -> None:
        """Write queued events (for at most 2 s) and end the thread."""
        with self._ready:
            self._closed = True
            self._ready.notify()
            thread = self._thread
        if thread is not None:
            thread.join(_FLUSH)

    def _reporting(self, component: str) -> Object:
        return {
            "source": {"component": component, **({"host": self._host} if self._host else {})},
            "reportingComponent": component,
            "reportingInstance": f"{component}-{self._host}" if self._host else component,
        }

    def _allowed(self, reference: Object) -> bool:
        """Take a token of the object's bucket."""
        key = (reference["kind"], reference.get("namespace"), reference["name"], reference.get("uid"))
        now = self._clock()
        tokens, at = self._buckets.get(key, (float(_BURST), now))
        tokens = min(_BURST, tokens + (now - at) * _REFILL)
        _remember(self._buckets, key, (tokens - 1 if tokens >= 1 else tokens, now))
        return tokens >= 1

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._closed:
                    self._ready.wait()
                if not self._queue:
                    return
                event = self._queue.popleft()
            self._try(event)

    def write_one(self) -> bool:
        """Write the oldest queued event on this thread; False if there is none."""
        with self._ready:
            event = self._queue.popleft() if self._queue else None
        if event is not None:
            self._try(event)
        return event is not None

    def _try(self, event: Object) -> None:
        try:
            self._write(event)
        except (StatusError, ConnectionError) as error:
            log.debug("event %s is lost: %s", event["reason"], error)
        except Exception:
            log.exception("event %s is lost", event["reason"])

    def _write(self, event: Object) -> None:
        """Increase the count of an equal Event, or create one."""
        about = event["involvedObject"]
        similar = (
            event["reportingComponent"],
            event["type"],
            event["reason"],
            *sorted((k, v) for k, v in about.items() if k != "resourceVersion"),
        )
        message, key = self._combined(similar, event["message"][:_MESSAGE])
        namespace = about.get("namespace") or "default"
        now = self._clock()
        at = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        known = self._written.get(key)
        if known is not None:
            patch = {"count": known.count + 1, "lastTimestamp": at, "message": message}
            with contextlib.suppress(NotFound):  # it has expired on the server: create a new one
                self._client.patch(EVENTS, known.name, patch, namespace)
                known.count += 1
                return
        name = f"{about['name']}.{int(now * 1e9):x}"
        fresh = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace},
            **event,
            "message": message,
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
            "eventTime": None,
        }
        self._client.create(EVENTS, fresh, namespace)
        _remember(self._written, key, _Written(name, 1))

    def _combined(self, key: tuple[Any, ...], message: str) -> tuple[str, tuple[Any, ...]]:
        """The message to write, and the key for counting: the group's key once there are too many messages."""
        now = self._clock()
        group = self._groups.get(key)
        if group is None or now - group.since > _SIMILAR_FOR:
            group = _Group(now)
        _remember(self._groups, key, group)
        if message in group.messages or len(group.messages) < _MOST_SIMILAR:
            group.messages.add(message)
            return message, (*key, message)
        return f"(combined from similar events): {message}"[:_MESSAGE], key


def reference_to(obj: Object) -> Object:
    """The ObjectReference of an object. Source: core/v1 ObjectReference."""
    metadata = obj["metadata"]
    found = {
        "kind": obj.get("kind", ""),
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
        "apiVersion": obj.get("apiVersion", ""),
        "resourceVersion": metadata.get("resourceVersion", ""),
    }
    return {key: value for key, value in found.items() if value}


def _remember(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    """Add the entry as the newest; remove the oldest if there are too many."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
