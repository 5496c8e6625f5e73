"""Helpers of the store suite: a reader of a watch, a collector of answers, threads that report failures. Knows only the
store's contract."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from sampan.contracts.store import Change, Put, Stale, Store, Watch
from sampan.errors import SampanError

PATIENCE = 60.0  # seconds after which an expected event that has not happened fails the test


class Follower:
    """Reads a watch in a thread and stores its batches."""

    def __init__(self, watch: Watch) -> None:
        self.batches: list[tuple[int, Sequence[Change]]] = []
        self.error: SampanError | None = None
        self._watch = watch
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="follower")
        self._thread.start()

    def _run(self) -> None:
        try:
            for batch in self._watch.batches():
                with self._news:
                    self.batches.append(batch)
                    self._news.notify_all()
        except SampanError as error:
            self.error = error
        with self._news:
            self._news.notify_all()

    def changes(self) -> list[Change]:
        return [change for _, changes in self.batches for change in changes]

    def until(self, revision: int) -> list[Change]:
        """Wait for that revision; returns the changes so far."""
        with self._news:
            reached = self._news.wait_for(
                lambda: self.error or (self.batches and self.batches[-1][0] >= revision), PATIENCE
            )
            assert self.error is None, f"the feed was lost: {self.error!r}"
            assert reached, f"revision {revision} has not come; the last batches were {self.batches[-3:]}"
            return self.changes()

    def until_some(self, count: int) -> list[Change]:
        """Wait for ``count`` changes; returns the changes so far."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.changes()) >= count, PATIENCE), self.batches
            return self.changes()

    def ended(self) -> bool:
        """Wait for the end of the feed; returns whether it ended, normally or by an error."""
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()

    def close(self) -> None:
        self._watch.close()
        assert self.ended(), "close() did not end the feed"


@contextmanager
def following(store: Store, after: int) -> Iterator[Follower]:
    """A Follower of the store's changes after a revision; closed at the end."""
    follower = Follower(store.watch(after))
    try:
        yield follower
    finally:
        follower.close()


class Answers:
    """Collects the answers of ``submit``."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int | SampanError]] = []
        self._news = threading.Condition()

    def note(self, number: int) -> Callable[[int | SampanError], None]:
        def done(answer: int | SampanError) -> None:
            with self._news:
                self.found.append((number, answer))
                self._news.notify_all()

        return done

    def wait(self, count: int) -> list[tuple[int, int | SampanError]]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.found) >= count, PATIENCE), f"only {len(self.found)} answers"
            return list(self.found)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run ``work(0)`` … ``work(count - 1)`` in parallel; raises the first failure."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    for failure in failures:
        raise failure


def increment(store: Store, key: str, times: int) -> None:
    """Increment the number at ``key`` ``times`` times, by compare and swap with retries."""
    while times:
        entry = store.get(key)
        value, expect = (int(entry.value), entry.revision) if entry else (0, 0)
        try:
            store.commit(Put(key, str(value + 1).encode(), expect=expect))
            times -= 1
        except Stale:
            continue


def keys(entries: Iterable[tuple[object, ...]]) -> list[object]:
    return [entry[0] for entry in entries]


def assert_gap_free(changes: Sequence[Change], after: int) -> None:
    """Every revision after ``after`` is present, in order (a store's revisions have no gaps)."""
    found = sorted({change.revision for change in changes})
    assert [change.revision for change in changes] == sorted(change.revision for change in changes)
    assert found == list(range(after + 1, after + 1 + len(found)))
