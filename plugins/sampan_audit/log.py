"""From the requests to the backends: the steps put entries into a backlog, one thread makes JSON of them and writes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from sampan.contracts.access import User
from sampan_audit import events
from sampan_audit.backlog import Backlog
from sampan_audit.bodies import complete
from sampan_audit.events import Event, Facts
from sampan_audit.policy import METADATA
from sampan_audit.webhook import Undelivered

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
PAUSE = 0.1  # seconds in which events gather for one write
_CHECK = 0.5  # seconds between two looks whether the server ends
_BATCH = 400


class Entry(NamedTuple):
    """What an event is made of, by the thread that writes it."""

    facts: Facts
    stage: str
    now: float
    status: int | None = None  # None: the request has not ended
    acting: User | None = None  # whom the caller impersonates
    annotations: Mapping[str, str] = {}
    level: int = METADATA
    sent: bytes = b""
    media: str = ""
    answer: bytes = b""
    managed_fields: bool = True
    message: str = ""

    @property
    def event(self) -> Event:
        found = events.event_of(self.facts, self.stage, self.now)
        if self.acting is not None:
            events.impersonated(found, self.acting)
        if self.status is not None:
            events.ended(found, self.status, self.annotations)
            if self.message:
                found["responseStatus"]["message"] = self.message
        complete(found, self.level, self.sent, self.media, self.answer, managed_fields=self.managed_fields)
        return found

    def line(self) -> bytes:
        return _encode(self.event)


class File(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Sender(Protocol):
    def send(self, events: Sequence[bytes]) -> None: ...

    def close(self) -> None: ...


class AuditLog:
    """``add`` is for any thread; ``run`` is a Duty's. ``blocking``: ``add`` writes before it returns."""

    def __init__(
        self,
        file: File | None,
        sender: Callable[[threading.Event], Sender] | None,
        *,
        most: int = 10_000,
        blocking: bool = False,
    ) -> None:
        self._file, self._sender = file, sender
        self._most, self._blocking = most, blocking and file is not None
        self._writing = threading.Lock()
        self._backlog: Backlog[Entry] = Backlog(most)
        self._remote: Backlog[bytes] | None = Backlog(most) if sender else None
        self._told = 0
        self._failing = False
        self.written = 0  # events
        self.lost = 0  # events that a backend did not take

    def add(self, entry: Entry) -> bool:
        """False where it was to be written at once and could not be."""
        if self._blocking:
            return self._write([entry.line()])
        self._backlog.put(entry)
        return True

    @property
    def dropped(self) -> int:
        """Events that came faster than they were written."""
        return self._backlog.dropped

    def run(self, stop: threading.Event) -> None:
        """Write until ``stop``, and then what is left."""
        done = threading.Event()
        thread = self._start_sender(stop, done)
        try:
            while not stop.is_set():
                if self._backlog.wait(_CHECK):
                    stop.wait(PAUSE)
                    self._write_batch()
            while len(self._backlog):
                self._write_batch()
        finally:
            if self._file is not None:
                with self._writing:
                    self._file.close()
            done.set()
            if thread is not None and self._remote is not None:
                self._remote.wake()
                thread.join(2.0)

    def _start_sender(self, stop: threading.Event, done: threading.Event) -> threading.Thread | None:
        """The webhook has a thread and a backlog of its own: a server that is down does not stop the file."""
        if self._sender is None or self._remote is None:
            return None
        sender = self._sender(stop)
        thread = threading.Thread(
            target=_send, args=(self._remote, sender, stop, done), name="audit-webhook", daemon=True
        )  # fmt: skip
        thread.start()
        return thread

    def _write_batch(self) -> None:
        self._write([entry.line() for entry in self._backlog.take(_BATCH)])
        self._tell_dropped()

    def _write(self, lines: Sequence[bytes]) -> bool:
        """Whether the file has them, where there is one."""
        well = True
        if self._file is not None and lines:
            with self._writing:
                try:
                    self._file.write(b"\n".join(lines) + b"\n")
                    self._failing = False
                    self.written += len(lines)
                except OSError as error:
                    if not self._failing:
                        log.error("audit: the log cannot be written, events are lost: %s", error)
                    self._failing = True
                    self.lost += len(lines)
                    well = False
        if self._remote is not None:
            for line in lines:
                self._remote.put(line)
        return well

    def _tell_dropped(self) -> None:
        dropped = self._backlog.dropped
        if dropped > self._told:
            log.error("audit: %d events were dropped, as they came faster than they were written", dropped - self._told)
            self._told = dropped


def _send(backlog: Backlog[bytes], sender: Sender, stop: threading.Event, done: threading.Event) -> None:
    """Until nothing more comes (``done``) and nothing is left."""
    while not done.is_set() or len(backlog):
        if not backlog.wait(_CHECK):
            continue
        stop.wait(PAUSE)
        events = backlog.take(_BATCH)
        if not events:
            continue
        try:
            sender.send(events)
        except Undelivered as error:
            log.error("audit: the webhook did not take %d events: %s", len(events), error)
            if stop.is_set():
                break
    sender.close()
