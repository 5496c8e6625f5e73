"""Sends entries from the spool to Elasticsearch, and releases the spool up to what has arrived.

A document that cannot be taken now is sent again after a while and does not hold up the others; one that will never be
taken is put aside with the reason; while the server is unavailable, all wait. Must not know how logs are read.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from sampan_logging import documents, entries
from sampan_logging.figures import Figures
from sampan_logging.health import Health
from sampan_logging.journal import Journal
from sampan_logging.outcomes import BulkResult, Disposition
from sampan_logging.rejected import Rejected
from sampan_logging.window import Document, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan_logging.settings import Settings

log = logging.getLogger(__name__)

_READ = 1 << 20  # bytes of the spool at a time
_MOST_AGAIN = 5000  # documents that wait to be sent again, beyond which nothing new is begun
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_DOUBTS = 8  # times that a doubtful document is sent before it is put aside
_IDLE = 60.0
_RETENTION_PAUSE = 3600.0


class Target(Protocol):
    """Elasticsearch, as elastic.py gives it. Both raise ElasticsearchUnavailable."""

    version: str

    def prepare(self, prefix: str, *, stream: bool, install: bool, shards: int, replicas: int) -> None: ...

    def send(self, actions: Sequence[documents.Action], *, lines: int, size: int) -> list[BulkResult]: ...

    def indices(self, pattern: str) -> list[str]: ...

    def delete_index(self, name: str) -> None: ...

    def close(self) -> None: ...


class Shipper:
    """``connect`` makes a Target out of the credentials as they are now; called again after each trouble."""

    def __init__(
        self, journal: Journal, settings: Settings, *, connect: Callable[[], Target], rejected: Rejected,
        figures: Figures, health: Health, room: Callable[[], None],
    ) -> None:  # fmt: skip
        self._journal = journal
        self._settings = settings
        self._connect = connect
        self._rejected = rejected
        self._figures = figures
        self._health = health
        self._room = room
        self._target: Target | None = None
        self._window = Window(journal.cursor, journal.arrived, journal.refused)
        self._place = journal.cursor  # read up to there
        self._held: list[Document] = []  # sent, with no word of what became of them
        self._more = threading.Event()
        self._cleaned = -math.inf  # never; 0.0 would be "just now" on a machine that has just started
        figures.spool.set_function(lambda: journal.spool.behind(journal.cursor))
        figures.lag.set_function(self._lag)

    def wake(self) -> None:
        """There is more in the spool, or it is time to end."""
        self._more.set()

    def run(self, stop: threading.Event) -> None:
        pause = _FIRST_PAUSE
        try:
            while not stop.is_set():
                try:
                    if self._cycle(stop):
                        pause = _FIRST_PAUSE
                except _trouble() as error:
                    self._health.say("elasticsearch", f"{error}; what is read meanwhile is kept in the spool")
                    self._disconnect()
                    stop.wait(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            self._disconnect()

    def _cycle(self, stop: threading.Event) -> bool:
        """Send what is due; False when there was nothing."""
        target = self._connected()
        self._more.clear()
        batch = self._held or self._batch()
        if not batch:
            self._journal.settle()
            self._wait(stop)
            return False
        self._held = batch  # until its outcomes are known: whatever happens, it is sent again
        outcomes = target.send(
            [document.action for document in batch],
            lines=self._settings.batch_lines,
            size=self._settings.batch_bytes,
        )
        self._health.say("elasticsearch", "")
        self._settle(batch, outcomes)
        self._held = []
        self._acknowledge()
        self._room()
        return True

    def _acknowledge(self) -> None:
        window = self._window
        self._journal.acknowledge(window.advance(), window.arrived, window.refused)

    def _wait(self, stop: threading.Event) -> None:
        due = self._window.next_due
        timeout = _IDLE if due is None else max(0.0, min(_IDLE, due - time.monotonic()))
        if self._more.wait(timeout) and due is None:
            stop.wait(self._settings.flush_seconds)  # more may come, and be sent with it

    def _batch(self) -> list[Document]:
        settings = self._settings
        batch = self._window.due(time.monotonic(), settings.batch_lines)
        size = sum(document.size for document in batch)
        while len(batch) < settings.batch_lines and size < settings.batch_bytes:
            if len(self._window.again) >= _MOST_AGAIN:
                break
            fresh = self._fresh()
            if fresh is None:
                break
            batch += fresh
            size += sum(document.size for document in fresh)
        self._acknowledge()  # entries without lines need no answer
        return batch

    def _fresh(self) -> list[Document] | None:
        """The documents of the next entries; None when there are none."""
        spool = self._journal.spool
        rotten = spool.rotten
        found = spool.read(self._place, min(_READ, self._settings.batch_bytes))
        self._figures.gaps.inc(spool.rotten - rotten)
        if not found:
            return None
        made: list[Document] = []
        for behind, body in found:
            entry = self._decoded(body)
            if entry is None:
                self._window.add(behind, 0, 0)
                continue
            actions = list(
                documents.actions(
                    entry,
                    prefix=self._settings.prefix,
                    stream=self._settings.data_stream,
                    cluster=self._settings.cluster,
                    flat=self._settings.install_template,
                )
            )
            sent = self._window.add(behind, len(actions), entry.lines[0][0] if entry.lines else entry.at)
            texts = [len(text) for _, _, text in entry.lines] + [len(entry.gap)]
            made += [
                Document(action, 600 + size, sent, line=place < len(entry.lines))
                for place, (action, size) in enumerate(zip(actions, texts, strict=False))
            ]
        self._place = found[-1][0]
        return made

    def _decoded(self, body: bytes) -> entries.Entry | None:
        try:
            return entries.decode(body)
        except ValueError as error:
            log.error("logging: an entry of the spool cannot be understood and is passed over: %s", error)
            self._figures.gaps.inc()
            return None

    def _settle(self, batch: list[Document], outcomes: list[BulkResult]) -> None:
        now = time.monotonic()
        refused, waiting, counts = [], "", Counter[Disposition]()
        for document, (fate, why) in zip(batch, outcomes, strict=True):
            if fate is Disposition.DOUBTFUL:
                fate = Disposition.REJECTED if document.tries >= _DOUBTS else Disposition.RETRY
            if fate is Disposition.RETRY:
                waiting = why
                self._window.retry(document, now, min(_FIRST_PAUSE * 2**document.tries, _LONGEST_PAUSE))
            elif fate is Disposition.REJECTED:
                refused.append((document, why))
            else:
                self._window.settle(document)
            counts[fate] += 1
        self._rejected.keep([(document.action, why) for document, why in refused])
        for document, _ in refused:
            self._window.settle(document, refused=True)
        self._count(counts)
        if refused:
            log.warning("logging: Elasticsearch refused %d lines for good: %s", len(refused), refused[0][1])
        count = len(self._window.again)
        trouble = f"Elasticsearch cannot take {count} lines now; they are sent again: {waiting}" if waiting else ""
        if trouble or not count:
            self._health.say("lines", trouble)

    def _count(self, counts: Counter[Disposition]) -> None:
        figures = self._figures
        figures.shipped.inc(counts[Disposition.ARRIVED] + counts[Disposition.REPEATED])
        figures.repeated.inc(counts[Disposition.REPEATED])
        figures.retried.inc(counts[Disposition.RETRY])
        figures.rejected.inc(counts[Disposition.REJECTED])

    def _connected(self) -> Target:
        settings = self._settings
        if self._target is None:
            target = self._connect()
            try:
                target.prepare(
                    settings.prefix, stream=settings.data_stream, install=settings.install_template,
                    shards=settings.shards, replicas=settings.replicas,
                )  # fmt: skip
            except BaseException:
                target.close()
                raise
            self._target = target
            self._health.say("elasticsearch", "")
            version = f" {target.version}" if target.version else ""
            index = f"the data stream {settings.prefix}" if settings.data_stream else f"{settings.prefix}-YYYY.MM.DD"
            self._health.begin(f"lines go to Elasticsearch{version} at {', '.join(settings.urls)}, {index}")
        self._clean(self._target)
        return self._target

    def _clean(self, target: Target) -> None:
        """Delete the daily indices that are older than they are to be kept."""
        settings = self._settings
        now = time.monotonic()
        if settings.data_stream or not settings.retention_days or now - self._cleaned < _RETENTION_PAUSE:
            return
        self._cleaned = now
        names = target.indices(f"{settings.prefix}-*")
        for name in documents.outdated(names, settings.prefix, settings.retention_days, time.time()):
            log.info("logging: deleting the index %s, older than %d days", name, settings.retention_days)
            target.delete_index(name)

    def _disconnect(self) -> None:
        target, self._target = self._target, None
        if target is not None:
            target.close()

    def _lag(self) -> float:
        oldest = self._window.oldest
        return max(0.0, time.time() - oldest / 1e9) if oldest else 0.0


def _trouble() -> tuple[type[Exception], ...]:
    """The error that is retried. Imported late: reading an add-on's settings must not import the client."""
    from sampan.errors import ConfigError
    from sampan_logging.elastic import ElasticsearchUnavailable

    return ElasticsearchUnavailable, ConfigError
