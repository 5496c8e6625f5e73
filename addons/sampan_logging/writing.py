"""The thread that writes entries to the spool: many at a time, one fsync for all of them.

A bounded queue connects it with the reader of the logs; when the queue is full, nothing more is read, and the lines
stay on the nodes. Must not know where entries come from."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sampan_client.hub import start_thread
from sampan_logging.entries import Entry
from sampan_logging.journal import Journal

log = logging.getLogger(__name__)

_MOST_QUEUED = 8 << 20  # bytes of lines
_RETRY = 1.0  # seconds until a disk that refused is tried again


class Writer:
    """``trouble`` is told in words why nothing can be written now, "" when it can again; ``written``: something was;
    ``failed``: it has ended by an unexpected error."""

    def __init__(
        self, journal: Journal, *, most_bytes: int, interval: float, written: Callable[[], None],
        trouble: Callable[[str], None], failed: Callable[[Exception], None], stop: threading.Event,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._most_bytes = most_bytes
        self._most_queued = min(_MOST_QUEUED, most_bytes // 8)
        self._interval = interval
        self._written = written
        self._trouble = trouble
        self._failed = failed
        self._stop = stop
        self._queue: list[Entry] = []
        self._queued = 0
        self._change = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._said = ""

    def start(self) -> None:
        self._thread = start_thread(self._run, "logging-writer")

    def offer(self, entry: Entry) -> None:
        """Never blocks; ask ``accepting`` before reading more."""
        with self._change:
            self._queue.append(entry)
            self._queued += _weight(entry)
            self._change.notify()

    @property
    def accepting(self) -> bool:
        return self._queued < self._most_queued

    def room(self) -> None:
        """There may be room in the spool again."""
        with self._change:
            self._change.notify()

    def close(self) -> None:
        """Write what is queued, if it can be written, and end."""
        with self._change:
            self._closing = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._failed(error)

    def _work(self) -> None:
        while batch := self._next():
            while not self._write(batch):
                if self._closing:
                    return  # what is not written was never read: it comes again
                with self._change:
                    self._change.wait(_RETRY)

    def _next(self) -> list[Entry]:
        with self._change:
            while not self._queue and not self._closing:
                self._change.wait()
        self._stop.wait(self._interval)  # more may come, and be written with it
        with self._change:
            batch, self._queue = self._queue, []
            return batch

    def _write(self, batch: list[Entry]) -> bool:
        spool = self._journal.spool
        weight = sum(map(_weight, batch))
        # With nothing left to be sent, a batch is written whatever its size: else it would wait for ever.
        if spool.size + weight > self._most_bytes and spool.behind(self._journal.cursor):
            self._say(
                f"the spool holds its {self._most_bytes >> 20} MiB and takes no more; logs are read on when "
                "Elasticsearch takes lines again, until then the nodes keep them (spool_bytes bridges longer times)"
            )
            return False
        try:
            self._journal.record(batch)
        except OSError as error:
            self._say(f"the spool cannot be written: {error}; make room on its disk")
            return False
        self._say("")
        with self._change:
            self._queued -= weight
        self._written()
        return True

    def _say(self, trouble: str) -> None:
        if trouble != self._said:
            self._said = trouble
            self._trouble(trouble)


def _weight(entry: Entry) -> int:
    return 300 + sum(len(text) + 24 for _, _, text in entry.lines)
