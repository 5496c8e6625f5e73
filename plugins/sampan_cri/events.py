"""What happened to containers, so that nothing has to be looked at for news: CRI's own events where the runtime has
them (CRI-O, containerd from 1.7), else containerd's, which earlier ones send at the same socket, else by looking every
second, as kubelet does.

containerd's events come before its CRI service knows what they say: an exit is passed on once the container's status
says so, too.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from sampan_cri.client import Client, CriFailure
from sampan_cri.messages import MESSAGES
from sampan_grpc.wire import decode
from sampan_runtime.contracts import RuntimeFailure

log = logging.getLogger(__name__)

EXIT, START, OOM = "/tasks/exit", "/tasks/start", "/tasks/oom"
LOOK, PATIENCE = 0.02, 10.0  # seconds between looks for the status that belongs to an exit, and until it is passed on
RELIST = 1.0  # seconds between looks where the runtime sends nothing
SHORTEST, LONGEST = 0.2, 5.0  # seconds until a lost stream is opened again


class Known(Protocol):
    """What is asked about the identifier of a container or a sandbox."""

    def uid_of(self, identifier: str) -> str:
        """Of its pod; "" where it is none of this cluster's."""

    def has_ended(self, identifier: str) -> bool: ...

    def states(self) -> Mapping[str, tuple[str, int]]:
        """Identifier → (uid of the pod, state) of everything of this cluster."""


class Feed:
    """Pod uids of whatever changes, from one runtime."""

    def __init__(self, client: Client, known: Known) -> None:
        self._client, self._known = client, known
        self._closed = threading.Event()
        self._cancel: Callable[[], Any] = lambda: None
        self._sources = [self._cri, self._containerd, self._looking]  # the first one that the runtime has

    def uids(self) -> Iterator[str]:
        """ "" whenever the stream had to be opened again: look at everything."""
        wait = SHORTEST
        while not self._closed.is_set():
            try:
                for uid in self._sources[0]():
                    wait = SHORTEST
                    yield uid
            except CriFailure as error:
                if error.code == "UNIMPLEMENTED" and len(self._sources) > 1:
                    del self._sources[0]
                    continue
                if not self._closed.is_set():
                    log.warning("cri: lost the event stream, asking again: %s", error)
            self._closed.wait(wait)
            wait = min(wait * 2, LONGEST)

    def close(self) -> None:
        self._closed.set()
        self._cancel()

    def _opened(self, cancel: Callable[[], Any]) -> None:
        self._cancel = cancel
        if self._closed.is_set():
            cancel()

    def _cri(self) -> Iterator[str]:
        first = True
        for event in self._client.events(self._opened):
            if first:
                first = False
                yield ""
            meta = (event["pod_sandbox_status"] or {}).get("metadata") or {}
            if uid := meta.get("uid") or self._known.uid_of(event["container_id"]):
                yield uid

    def _containerd(self) -> Iterator[str]:
        """Events come by a thread of their own, so that an exit that is not in the status yet delays no other."""
        came: queue.SimpleQueue[tuple[str, str] | CriFailure | None] = queue.SimpleQueue()
        threading.Thread(target=self._subscribe, args=(came,), name="cri-events", daemon=True).start()
        open_exits: dict[str, float] = {}  # identifier → when it is passed on anyhow
        yield ""
        while True:
            try:
                found = came.get(timeout=LOOK if open_exits else None)
            except queue.Empty:
                found = ("", "")
            if isinstance(found, CriFailure):
                raise found
            if found is None:
                return
            topic, identifier = found
            if topic == EXIT:
                open_exits[identifier] = time.monotonic() + PATIENCE
            elif identifier and (uid := self._uid_of(identifier)):
                yield uid
            yield from self._settled(open_exits)

    def _subscribe(self, came: queue.SimpleQueue[tuple[str, str] | CriFailure | None]) -> None:
        try:
            for envelope in self._client.containerd_events(self._opened, EXIT, START, OOM):
                came.put(identifier_in(envelope))
        except CriFailure as error:
            came.put(error)
        else:
            came.put(None)

    def _settled(self, open_exits: dict[str, float]) -> Iterator[str]:
        """Pods whose container's exit is in the status by now; they are taken out of ``open_exits``."""
        for identifier, deadline in list(open_exits.items()):
            try:
                if not self._known.has_ended(identifier) and time.monotonic() < deadline:
                    continue
            except RuntimeFailure as error:
                log.debug("cri: %s: %s", identifier[:12], error)
                if time.monotonic() < deadline:
                    continue
            del open_exits[identifier]
            if uid := self._uid_of(identifier):
                yield uid

    def _uid_of(self, identifier: str) -> str:
        try:
            return self._known.uid_of(identifier)
        except RuntimeFailure as error:
            log.debug("cri: %s: %s", identifier[:12], error)
            return ""

    def _looking(self) -> Iterator[str]:
        before = dict(self._states())
        yield ""
        while not self._closed.wait(RELIST):
            now = dict(self._states())
            changed = set(before.items() ^ now.items())
            before = now
            yield from sorted({uid for _, (uid, _) in changed})

    def _states(self) -> Mapping[str, tuple[str, int]]:
        return self._known.states()


def identifier_in(envelope: Mapping[str, Any]) -> tuple[str, str]:
    """(topic, container) of one of containerd's events; ("", "") of a command's end (a probe's), which is no news."""
    topic, data = envelope["topic"], (envelope["event"] or {}).get("value", b"")
    if topic != EXIT:
        return topic, decode(MESSAGES, "TaskEvent", data)["container_id"]
    found = decode(MESSAGES, "TaskExit", data)
    own = found["id"] in ("", found["container_id"])
    return (topic, found["container_id"]) if own else ("", "")
