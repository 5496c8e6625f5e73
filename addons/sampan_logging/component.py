"""The add-on as a component: pods are watched, their logs read into the spool, the spool sent to Elasticsearch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan_client.informers import Informer
from sampan_logging import access, pods
from sampan_logging.entries import Entry, Progress, Source
from sampan_logging.figures import Figures
from sampan_logging.health import Health
from sampan_logging.journal import Journal, locked
from sampan_logging.plan import unread
from sampan_logging.reading import Reader
from sampan_logging.rejected import Rejected
from sampan_logging.shipping import Shipper, Target
from sampan_logging.writing import Writer
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import PODS

_SEGMENTS = 16  # the spool's size in segments, at least
_SEGMENT_BYTES = 16 << 20  # and no segment is larger
_PATIENCE = 5.0  # seconds for a request to Elasticsearch that is under way when we stop; it is sent again next time


def run(running: Running) -> None:
    """Until stopped."""
    with locked(Path(running.home)):
        _run(running)


def _run(running: Running) -> None:
    settings, home = running.settings, Path(running.home)
    figures = Figures(running.metrics)
    health = Health(running.ready, running.failing)
    journal = Journal(home, segment_bytes=min(_SEGMENT_BYTES, settings.spool_bytes // _SEGMENTS))
    ending = Shutdown(running.stop)

    def connect() -> Target:
        from sampan_logging.elastic import Elastic

        return Elastic(access.gather(settings, running.client))

    writer = Writer(
        journal, most_bytes=settings.spool_bytes, interval=settings.sync_seconds, written=lambda: shipper.wake(),
        trouble=lambda words: health.say("spool", words), failed=ending.fail, stop=ending.event,
    )  # fmt: skip
    rejected = Rejected(home / "rejected.jsonl", most_bytes=settings.rejected_bytes)
    shipper = Shipper(
        journal, settings, connect=connect, rejected=rejected, figures=figures, health=health, room=writer.room
    )
    reader = Reader(
        running.client, offer=writer.offer, accepting=lambda: writer.accepting, figures=figures, health=health,
        most_streams=settings.most_streams, longest=settings.line_bytes,
    )  # fmt: skip
    watcher = PodWatcher(running, reader, journal, writer)
    # On a thread of its own, for a request may take longer than we have when we are told to stop.
    sending = threading.Thread(
        target=ending.guard, args=(lambda: shipper.run(ending.event),), name="logging-shipper", daemon=True
    )
    writer.start()
    sending.start()
    try:
        watcher.start()
        ending.event.wait()
    finally:
        watcher.stop()
        reader.stop()
        writer.close()
        shipper.wake()
        sending.join(_PATIENCE)
        journal.close()
    ending.tell()


class Shutdown:
    """Ends all parts: when the add-on is told to stop, or when a part has failed."""

    def __init__(self, stop: threading.Event) -> None:
        self.event = threading.Event()
        self._failure: Exception | None = None
        threading.Thread(target=self._pass_on, args=(stop,), name="logging-ending", daemon=True).start()

    def fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.event.set()

    def guard(self, part: Callable[[], None]) -> None:
        """Run a part; when it ends, all does."""
        try:
            part()
        except Exception as error:
            self.fail(error)
        finally:
            self.event.set()

    def tell(self) -> None:
        """Raises what went wrong, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _pass_on(self, stop: threading.Event) -> None:
        stop.wait()
        self.event.set()


class PodWatcher:
    """Tells the reader what happens to the pods whose lines are wanted."""

    def __init__(self, running: Running, reader: Reader, journal: Journal, writer: Writer) -> None:
        settings = running.settings
        self._wanted = pods.NamespaceFilter(settings.namespaces, settings.exclude_namespaces)
        self._reader, self._writer = reader, writer
        self._began = journal.began
        self._known = journal.progress()  # what earlier processes have read
        only = settings.namespaces[0] if len(settings.namespaces) == 1 else ""
        self._pods = Informer(
            running.client, PODS, namespace=only, labels=settings.labels, keep=pods.kept, on_change=self._change,
            on_synced=self._synced,
        )  # fmt: skip

    def start(self) -> None:
        self._pods.start()

    def stop(self) -> None:
        self._pods.stop()

    def _change(self, old: Object | None, new: Object | None) -> None:
        pod = new or old
        if pod is None or not self._wanted.takes(pod["metadata"]["namespace"]):
            return
        created = pod["metadata"].get("creationTimestamp")
        young = bool(created) and parse_time(created) > self._began
        for source, seen in pods.containers(pod, gone=new is None):
            known = self._known.pop(source.key, None)
            self._reader.see(source, seen, known[1] if known else None, young=young)

    def _synced(self) -> None:
        """Entries left in the journal belong to pods that were deleted while the add-on did not run."""
        gone, self._known = self._known, {}
        for source, progress in gone.values():
            self._forget(source, progress)

    def _forget(self, source: Source, progress: Progress) -> None:
        words = "" if progress.ended else unread(progress, "its pod went away while no log was read")
        last = Progress(progress.run, progress.position, ended=True, forgotten=True)
        if words:
            self._reader.say_gap(source, last, words)
        else:
            self._writer.offer(Entry(source, last))
