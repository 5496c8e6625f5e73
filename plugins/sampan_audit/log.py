"""From the requests to the backends: the steps put events into a backlog, one thread makes JSON of them and writes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from sampan_audit.backlog import Backlog
from sampan_audit.bodies import complete
from sampan_audit.events import Event
from sampan_audit.webhook import Undelivered

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
PAUSE = 0.1  # seconds in which events gather for one write
_CHECK = 0.5  # seconds between two looks whether the server ends
_BATCH = 400


class Entry(NamedTuple):
    """An event that is not complete yet: bodies are read by the thread that writes."""

    event: Event
    level: int
    sent: bytes = b""
    media: str = ""
    answer: bytes = b""
    managed_fields: bool = True

    def line(self) -> bytes:
        complete(self.event, self.level, self.sent, self.media, self.answer, managed_fields=self.managed_fields)
        return _encode(self.event)


class File(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Sender(Protocol):
    def send(self, events: Sequence[bytes]) -> None: ...

    def close(self) -> None: ...


class AuditLog:
    """``add`` is for any thread and returns at once; ``run`` is a Duty's."""

    def __init__(
        self, file: File | None, sender: Callable[[threading.Event], Sender] | None, *, most: int = 10_000
    ) -> None:
        self._file, self._sender = file, sender
        self._most = most
        self._backlog: Backlog[Entry] = Backlog(most)
        self._told = 0
        self._failing = False
        self.written = 0  # events
        self.lost = 0  # events that a backend did not take

    def add(self, entry: Entry) -> None:
        self._backlog.put(entry)

    @property
    def dropped(self) -> int:
        """Events that came faster than they were written."""
        return self._backlog.dropped

    def run(self, stop: threading.Event) -> None:
        """Write until ``stop``, and then what is left."""
        done = threading.Event()
        remote, thread = self._start_sender(stop, done)
        try:
            while not stop.is_set():
                if self._backlog.wait(_CHECK):
                    stop.wait(PAUSE)
                    self._write(remote)
            while len(self._backlog):
                self._write(remote)
        finally:
            if self._file is not None:
                self._file.close()
            done.set()
            if thread is not None and remote is not None:
                remote.wake()
                thread.join(2.0)

    def _start_sender(
        self, stop: threading.Event, done: threading.Event
    ) -> tuple[Backlog[bytes] | None, threading.Thread | None]:
        """The webhook has a thread and a backlog of its own: a server that is down does not stop the file."""
        if self._sender is None:
            return None, None
        remote: Backlog[bytes] = Backlog(self._most)
        sender = self._sender(stop)
        thread = threading.Thread(target=_send, args=(remote, sender, stop, done), name="audit-webhook", daemon=True)
        thread.start()
        return remote, thread

    def _write(self, remote: Backlog[bytes] | None) -> None:
        lines = [entry.line() for entry in self._backlog.take(_BATCH)]
        if self._file is not None and lines:
            try:
                self._file.write(b"\n".join(lines) + b"\n")
                self._failing = False
                self.written += len(lines)
            except OSError as error:
                if not self._failing:
                    log.error("audit: the log cannot be written, events are lost: %s", error)
                self._failing = True
                self.lost += len(lines)
        if remote is not None:
            for line in lines:
                remote.put(line)
        self._tell_dropped()

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
