"""The store: one History behind one lock, watches that read its log, callbacks in the order of revisions."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sampan.contracts.store import Change, Delete, Done, Entry, Op, Page, Put, Stale, Unavailable, checked
from sampan.errors import SampanError
from sampan_memory.expiry import Expiry
from sampan_memory.history import Commit, History

log = logging.getLogger(__name__)

SIGN_OF_LIFE = 10.0  # seconds between empty batches of an idle watch


@dataclass(frozen=True)
class Retention:
    """How much history is kept without being asked to compact: both bounds hold."""

    seconds: float = 600.0
    commits: int = 20_000


def retention(history: float) -> Retention:
    """The usual one, or what that many seconds of history want; the bound of commits grows in proportion."""
    usual = Retention()
    factor = max(1.0, history * 1.1 / usual.seconds)
    return Retention(round(usual.seconds * factor), round(usual.commits * factor))


class MemoryStore:
    """A Store that lives as long as its process."""

    shared = False  # other processes see nothing of it

    def __init__(self, keep: Retention | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep or Retention()
        self._clock = clock
        self._history = History()
        self._lock = threading.RLock()
        self._grown = threading.Condition(self._lock)
        self._closed = False
        self._answers: deque[tuple[Done, int | SampanError]] = deque()
        self._answering = threading.Lock()
        self._expiry = Expiry(self._expire, clock)

    def revision(self) -> int:
        with self._lock:
            self._check_open()
            return self._history.newest

    def get(self, key: str, *, revision: int = 0) -> Entry | None:
        with self._lock:
            self._check_open()
            return self._history.get(key, revision)

    def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        with self._lock:
            self._check_open()
            return self._history.page(prefix, after, limit, revision)

    def commit(self, *ops: Op) -> int:
        checked(ops)
        with self._lock:
            self._check_open()
            return self._apply(ops)

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        checked(ops)
        with self._lock:
            answer: int | SampanError
            try:
                self._check_open()
                answer = self._apply(ops)
            except (Stale, Unavailable) as error:
                answer = error
            self._answers.append((done, answer))
        self._deliver()

    def watch(self, after: int) -> MemoryWatch:
        return MemoryWatch(self, after)

    def compact(self, revision: int) -> None:
        with self._lock:
            self._check_open()
            self._history.compact(revision)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._grown.notify_all()
        self._expiry.close()

    def wait(self, watch: MemoryWatch) -> list[Commit] | None:
        """The commits this watch has not seen; empty when none came for a while, None when closed (it or the store)."""
        with self._lock:
            for last in (False, True):
                if self._closed or watch.closed:
                    return None
                commits = self._history.since(watch.position)
                if commits or last:
                    return commits
                self._grown.wait_for(lambda: self._has_news(watch), SIGN_OF_LIFE)
            return None

    def wake(self) -> None:
        """Let waiting watches look whether they are closed."""
        with self._lock:
            self._grown.notify_all()

    def _has_news(self, watch: MemoryWatch) -> bool:
        return self._closed or watch.closed or self._history.newest > watch.position

    def _apply(self, ops: Sequence[Op]) -> int:
        now = self._clock()
        commit = self._history.apply(ops, now)
        if commit is None:
            return self._history.newest
        for op in ops:
            if type(op) is Put and op.ttl:
                self._expiry.add(now + op.ttl, op.key, commit.revision)
        due = self._history.due(before=now - self._keep.seconds, keep=self._keep.commits)
        if due:
            self._history.compact(due)
        self._grown.notify_all()
        return commit.revision

    def _expire(self, key: str, revision: int) -> None:
        with self._lock:
            if not self._closed and self._history.is_current(key, revision):
                self._apply((Delete(key, expect=revision),))

    def _deliver(self) -> None:
        """Call what waits to be called, outside the store's lock, one thread at a time so that the order holds."""
        while self._answers and self._answering.acquire(blocking=False):
            try:
                while self._answers:
                    done, answer = self._answers.popleft()
                    try:
                        done(answer)
                    except Exception:
                        log.exception("a commit's callback failed")
            finally:
                self._answering.release()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")


class MemoryWatch:
    """A feed that reads the store's log from its own position."""

    def __init__(self, store: MemoryStore, after: int) -> None:
        self._store = store
        self.position = after
        self.closed = False

    def batches(self) -> Iterator[tuple[int, Sequence[Change]]]:
        while (commits := self._store.wait(self)) is not None:
            changes = [change for commit in commits for change in commit.changes]
            if commits:
                self.position = commits[-1].revision
            yield self.position, changes

    def close(self) -> None:
        self.closed = True
        self._store.wake()
