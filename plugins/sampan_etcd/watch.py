"""A feed of changes from etcd's watch; it continues on another member when one dies. It watches all keys of the etcd,
not only this store's: so every revision arrives (other keys' as an empty batch), and a wait for a revision always ends.
(A progress request would tell, too, but overtakes changes before 3.4.25 and 3.5.8, etcd issue 15220.)"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import grpc

from sampan.contracts.store import Change, Compacted, Unavailable
from sampan.errors import SampanError
from sampan_etcd.failures import Failure, FailureKind, spoken
from sampan_etcd.members import Members
from sampan_etcd.messages import EVERYTHING, WATCH, Event, WatchResponse, read_news, watch_request
from sampan_etcd.names import Names

log = logging.getLogger(__name__)

SIGN_OF_LIFE = 10.0  # seconds between empty batches of an idle watch
PATIENCE = 10.0  # seconds without a member that answers before the feed is lost
PAUSE, LONGEST_PAUSE = 0.1, 1.0
AHEAD = 16  # batches read before the first of them is taken
JOIN = 5.0

Batch = tuple[int, Sequence[Change]]


class Watch:
    """A thread reads etcd's messages as far ahead as is bounded; the iterating thread takes them."""

    def __init__(self, members: Members, names: Names, after: int, floor: int) -> None:
        self.position = after  # all changes up to here have been yielded
        self._members = members
        self._names = names
        self._changed = threading.Condition()
        self._batches: deque[Batch] = deque()
        self._error: SampanError | None = Compacted(floor) if after < floor else None
        self._closed = False
        self._call: Any = None
        self._read = after  # and up to here they have been read
        self._parts: list[Event] = []  # of a commit whose end has not come
        self._member = ""
        self._heard = False  # the last stream has said something
        self._thread = threading.Thread(target=self._run, name="etcd-watch", daemon=True)
        if self._error is None:
            self._thread.start()

    def batches(self) -> Iterator[Batch]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._batches or self._closed or self._error, SIGN_OF_LIFE)
                if self._closed:
                    return
                if self._batches:
                    batch = self._batches.popleft()
                    self._changed.notify_all()
                elif self._error is not None:
                    raise self._error
                else:
                    batch = (self.position, ())
            self.position = batch[0]
            yield batch

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            call = self._call
        if call is not None:
            call.cancel()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(JOIN)

    def _run(self) -> None:
        lost: float | None = None  # since when there is no feed
        pause = PAUSE
        try:
            while not self._closed:
                try:
                    self._follow()
                    why = "the member ended it"
                except (grpc.RpcError, Failure) as error:
                    found = self._members.learn(error, self._member)
                    if found.meaning is FailureKind.REFUSED:
                        raise found.as_error() from error
                    why = str(found)
                now = time.monotonic()
                if self._heard or lost is None:
                    self._heard = False
                    lost, pause = now, PAUSE
                if now - lost > PATIENCE:
                    raise Unavailable(f"etcd: the feed is lost: {why}")
                if not self._closed:
                    time.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        except SampanError as error:
            self._fail(error)
        except Exception as error:
            log.exception("a feed from etcd failed")
            self._fail(Unavailable(f"etcd: the feed is lost: {error}"))

    def _follow(self) -> None:
        """Read one stream to its end.

        It starts with the revision that is known already: etcd refuses a start before the compaction's revision, but
        serves one at it, with the deletions missing.
        """
        self._parts = []
        request = watch_request(EVERYTHING, EVERYTHING, max(1, self._names.theirs(self._read)))
        self._member, call = self._members.stream(WATCH, request)
        with self._changed:
            self._call = call
            if self._closed:
                call.cancel()
        for message in call:
            news = read_news(message)
            if news.canceled:
                raise self._refusal(news)
            self._heard = True
            self._take(news)
            if self._closed:
                call.cancel()
                return

    def _take(self, news: WatchResponse) -> None:
        known = self._names.theirs(self._read)
        events = [event for event in (*self._parts, *news.events) if event.pair.modified > known]
        self._parts = []
        if events and news.fragment:  # what is of the last commit may have its end in the next message
            last = events[-1].pair.modified
            self._parts = [event for event in events if event.pair.modified == last]
            events = events[: len(events) - len(self._parts)]
        if events:
            self._read = self._names.ours(events[-1].pair.modified)
            self._offer((self._read, self._names.changes(events)))

    def _offer(self, batch: Batch) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._batches) < AHEAD or self._closed)
            self._batches.append(batch)
            self._changed.notify_all()

    def _refusal(self, news: WatchResponse) -> SampanError | Failure:
        if news.compacted:
            return Compacted(self._names.ours(news.compacted))
        reason = news.reason or "it gives no reason"
        if "permission denied" in reason:  # what etcd 3.5 says to a token that it does not know, too
            return Failure(FailureKind.NOT_KNOWN, reason)
        return spoken(reason) or Failure(FailureKind.REFUSED, f"the feed was refused: {reason}")

    def _fail(self, error: SampanError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()


def oldest(members: Members, names: Names) -> int:
    """The oldest revision that can be read: etcd tells it only to a watch that wants an older one."""
    _, call = members.stream(WATCH, watch_request(EVERYTHING, EVERYTHING, 1))
    try:
        for message in call:
            news = read_news(message)
            if news.compacted:
                return names.ours(news.compacted)
            if news.events:
                break
    except grpc.RpcError as error:
        log.debug("the compaction's revision is not known: %s", error)
    finally:
        call.cancel()
    return 0
