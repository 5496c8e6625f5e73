"""Reads the containers' logs through the API: one thread follows them all, each from where it was left.

A container's follower is a generator on the client's hub (the thread that serves its informers too); what it reads goes
to ``offer``, and it reads only while ``accepting``. Must not know what becomes of the lines.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from enum import Enum

from sampan.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    ServiceUnavailable,
    StatusError,
    TooManyRequests,
    Unauthorized,
)
from sampan_client import Client
from sampan_client.client import failure_of
from sampan_client.hub import Follower
from sampan_client.paths import path_of
from sampan_client.transports import Response, Stream
from sampan_logging import plan
from sampan_logging.entries import Entry, Progress, Source
from sampan_logging.figures import Figures
from sampan_logging.health import Health
from sampan_logging.lines import LinePosition, LogAnswer, Seek, digest
from sampan_logging.pods import ContainerState
from sampan_machinery.resources import PODS

log = logging.getLogger(__name__)


_READ = 256 * 1024  # bytes of one container before the others get their turn
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_BUSY_PAUSE = 0.05  # while nothing is accepted
_HEAD_POLLS = 20  # times _BUSY_PAUSE that the answer's head may take before we go on without
_TURN = 10.0  # seconds a container is followed at least before another one may have its connection
_MOST_WAITS = 100  # times _BUSY_PAUSE that an open answer is left unread
_MISSES, _MISS_PAUSE = 4, 1.0  # times, and seconds between, before a line that is not there is called gone
_REFUSALS = 8  # of a log that will not change any more, until it is given up
_PASSING = (Forbidden, Unauthorized, ServiceUnavailable, TooManyRequests)  # the log may be given later


class ReadResult(Enum):
    """How reading one answer ended."""

    COMPLETE = "complete"  # to its end
    MISSED = "missed"  # the line we stopped at is not in it
    BROKEN = "broken"  # the connection ended before it
    REFUSED = "refused"  # the server gave no log
    FULL = "full"  # the lines are not accepted now


class FollowedContainer:
    """One container: what its pod says of it, and how far it has been read (as offered; durable a little later)."""

    def __init__(self, source: Source, seen: ContainerState, progress: Progress | None, young: bool) -> None:
        self.source, self.seen, self.progress, self.young = source, seen, progress, young
        self.follower: Follower | None = None
        self.since = 0.0  # when its follower began
        self.refusals = 0
        self.error: Exception | None = None
        self.misses = 0  # answers one after the other in which the line that was read last is not
        self.drained = False  # the answer before ended in order: the run was over, or about to be


class Reader:
    """Told of containers by ``see``, on the hub's thread."""

    def __init__(
        self, client: Client, *, offer: Callable[[Entry], None], accepting: Callable[[], bool], figures: Figures,
        health: Health, most_streams: int, longest: int,
    ) -> None:  # fmt: skip
        self._client = client
        self._offer = offer
        self._accepting = accepting
        self._figures = figures
        self._health = health
        self._most = most_streams
        self._longest = longest
        self._all: dict[str, FollowedContainer] = {}
        self._active: set[str] = set()
        self._queue: deque[FollowedContainer] = deque()
        self._rotating = False
        self._stopped = False

    def see(self, source: Source, seen: ContainerState, progress: Progress | None, *, young: bool) -> None:
        """The container's state has changed, or it is new (then ``progress`` is what the journal knows)."""
        one = self._all.get(source.key)
        if one is None:
            one = self._all[source.key] = FollowedContainer(source, seen, progress, young)
        one.source, one.seen = source, seen
        self._figures.containers.set(len(self._all))
        if one.follower is None and one not in self._queue:
            self._begin(one)

    def stop(self) -> None:
        self._stopped = True
        for one in list(self._all.values()):
            if one.follower is not None:
                self._client.hub.remove(one.follower)

    # who has a connection

    def _begin(self, one: FollowedContainer) -> None:
        if plan.next_step(one.progress, one.seen) is None:
            self._rest(one)
        elif len(self._active) < self._most:
            self._active.add(one.source.key)
            one.since = time.monotonic()
            one.follower = self._follow(one)
            self._client.hub.add(one.follower)
        else:
            self._queue.append(one)
            if not self._rotating:
                self._rotating = True
                self._client.hub.add(self._rotate())

    def _finish(self, one: FollowedContainer) -> None:
        """Its follower has ended, or was stopped to let another have its turn."""
        one.follower = None
        self._active.discard(one.source.key)
        while self._queue and len(self._active) < self._most and not self._stopped:
            self._begin(self._queue.popleft())

    def _rotate(self) -> Follower:
        """While containers wait for a connection, those that had one longest give it up; they come back later."""
        try:
            while self._queue and not self._stopped:
                old = sorted((self._all[key] for key in self._active), key=lambda one: one.since)
                due = [one for one in old if time.monotonic() - one.since >= _TURN]
                for one in due[: len(self._queue)]:
                    follower, one.follower = one.follower, None
                    if follower is not None:
                        self._client.hub.remove(follower)
                        self._queue.append(one)
                yield 1.0
        finally:
            self._rotating = False

    def _rest(self, one: FollowedContainer) -> None:
        """Nothing is to be read now; for a deleted pod, the container is forgotten."""
        if not one.seen.gone:
            return
        if one.progress is not None:
            if not one.progress.ended and not one.drained:
                self.say_gap(one.source, one.progress, plan.unread(one.progress, "its pod is gone"))
            last = Progress(one.progress.run, one.progress.position, ended=True, forgotten=True)
            self._offer(Entry(one.source, last))
        self._all.pop(one.source.key, None)
        self._figures.containers.set(len(self._all))

    # one container

    def _follow(self, one: FollowedContainer) -> Follower:
        pause = _FIRST_PAUSE
        try:
            while (step := plan.next_step(one.progress, one.seen)) is not None:
                over, before = one.seen.over or one.seen.gone, one.progress
                try:
                    end = yield from self._step(one, step)
                except Exception:
                    log.exception("logging: reading %s failed and is tried again", one.source.words)
                    end = ReadResult.BROKEN
                if end is not ReadResult.REFUSED:
                    one.drained = end is ReadResult.COMPLETE
                if end is ReadResult.COMPLETE:
                    one.refusals, pause = 0, _FIRST_PAUSE
                    if over or one.seen.gone:
                        self._advance(one, step.run)
                    else:
                        yield pause  # its status will say that it has ended, or it goes on
                elif not self._give_up(one, step, end):
                    if end is ReadResult.MISSED:
                        yield _MISS_PAUSE
                        continue
                    pause = _FIRST_PAUSE if one.progress != before else min(pause * 2, _LONGEST_PAUSE)
                    yield pause
            self._rest(one)
        finally:
            self._finish(one)

    def _step(self, one: FollowedContainer, step: plan.ReadStep) -> Generator[Stream | float, None, ReadResult]:
        before = one.progress
        position = before.position if before else None
        if step.same:
            end = yield from self._read(one, step.run, self._open(one, position), Seek(position))
            if end is not ReadResult.MISSED or before is None:
                one.misses = 0
                return end
            one.misses += 1
            if one.misses <= _MISSES:
                return end  # perhaps the container has restarted, and its status will say so in a moment
            one.misses = 0
            self.say_gap(one.source, before, plan.rotated(before))
            return (yield from self._read(one, step.run, self._open(one, position), Seek(None)))
        # The newest run's log is opened before that of the run before it is asked for: should the container start
        # once more meanwhile, what we hold stays what it is, and the log before it is still read.
        newest = self._open(one, position)
        early: list[bytes] = []
        try:
            if step.previous and not isinstance(newest, Exception):
                early = yield from self._await_head(newest)
                end = yield from self._previous(one, step, before)
                if end is not ReadResult.COMPLETE:
                    return end
            one.progress = Progress(step.run)
            return (yield from self._read(one, step.run, newest, Seek(None), early))
        except ConnectionError as error:
            return self._failed(one, error)
        finally:
            if not isinstance(newest, Exception):
                newest.close()

    def _await_head(self, stream: Stream) -> Generator[float, None, list[bytes]]:
        """Until the server has chosen which log it gives, or is silent because that has no line yet."""
        for _ in range(_HEAD_POLLS):
            early = stream.read(0, _READ)
            if early or stream.status:
                return early
            yield _BUSY_PAUSE
        return []

    def _previous(
        self, one: FollowedContainer, step: plan.ReadStep, before: Progress | None
    ) -> Generator[Stream | float, None, ReadResult]:
        """All that is new in the log of the run before the newest."""
        position, run = before.position if before else None, step.run - 1
        seek = Seek(position)
        end = yield from self._read(one, run, self._open(one, position, previous=True), seek)
        if end is ReadResult.MISSED:
            end = yield from self._read(one, run, self._open(one, position, previous=True), Seek(None))
        # 400 is the API's way to say that there is no such log
        absent = end is ReadResult.REFUSED and isinstance(one.error, (BadRequest, NotFound)) and not one.seen.gone
        if end is not ReadResult.COMPLETE and not absent:
            return end
        found = seek.found and position is not None
        if gap := plan.missed_runs(before, step, found=found, there=not absent, young=one.young):
            self.say_gap(one.source, Progress(run, one.progress.position if one.progress else None), gap)
        self._advance(one, run)
        return ReadResult.COMPLETE

    def _read(
        self, one: FollowedContainer, run: int, stream: Stream | Exception, seek: Seek, early: Iterable[bytes] = ()
    ) -> Generator[Stream | float, None, ReadResult]:
        """Read an answer to its end and offer what is new in it."""
        if isinstance(stream, Exception):
            return self._failed(one, stream)
        answer, waited, lines = LogAnswer(seek), 0, list(early)
        try:
            while True:
                if not self._accepting():
                    # A stream that is not read holds a thread of the API server, which closes it in the end.
                    waited += 1
                    if waited > _MOST_WAITS:
                        return ReadResult.FULL
                    yield _BUSY_PAUSE
                    continue
                waited = 0
                lines = lines or stream.read(0, _READ)
                if lines:
                    self._pass_on(one, run, answer.take(lines))
                    if seek.missed:
                        return ReadResult.MISSED
                    lines = []
                    yield 0.0
                elif stream.ended:
                    break
                else:
                    yield stream
        except ConnectionError as error:
            return self._failed(one, error)
        finally:
            stream.close()
        if stream.status >= 400:
            return self._failed(one, failure_of(Response(stream.status, {}, stream.body)))
        self._health.say("logs", "")
        if answer.odd:
            return self._failed(one, NotFound(answer.odd[:500].decode(errors="replace")))
        return ReadResult.COMPLETE if seek.found else ReadResult.MISSED

    def _pass_on(self, one: FollowedContainer, run: int, found: list[tuple[int, int, bytes]]) -> None:
        if found:
            ns, ordinal, text = found[-1]
            one.progress = Progress(run, LinePosition(ns, ordinal, digest(text)))
            self._offer(Entry(one.source, one.progress, found))
            self._figures.read.inc(len(found))

    def _open(
        self, one: FollowedContainer, position: LinePosition | None, *, previous: bool = False
    ) -> Stream | Exception:
        path = path_of(PODS, one.source.namespace, one.source.pod, "log")
        query = {
            "container": one.source.container, "timestamps": True, "previous": previous, "follow": not previous,
            "sinceTime": position.since if position else "",
        }  # fmt: skip
        try:
            return self._client.open_lines(path, query=query, longest=self._longest)
        except ConnectionError as error:
            return error

    def _failed(self, one: FollowedContainer, error: Exception) -> ReadResult:
        one.error = error
        log.debug("%s: %s", one.source.words, error)
        if isinstance(error, (Forbidden, Unauthorized)):
            self._health.say("logs", f"the API server does not let us read logs; give our identity pods/log: {error}")
        return ReadResult.REFUSED if isinstance(error, StatusError) else ReadResult.BROKEN

    def _give_up(self, one: FollowedContainer, step: plan.ReadStep, end: ReadResult) -> bool:
        """Whether a log that will not change any more has been refused often enough to call it lost."""
        if end is not ReadResult.REFUSED or not (one.seen.over or one.seen.gone) or isinstance(one.error, _PASSING):
            return False
        one.refusals += 1
        if one.refusals < _REFUSALS and not (one.seen.gone and isinstance(one.error, NotFound)):
            return False
        if not one.drained:
            self.say_gap(one.source, one.progress or Progress(step.run), plan.unread(one.progress, str(one.error)))
        self._advance(one, step.run)
        return True

    def _advance(self, one: FollowedContainer, run: int) -> None:
        """That run's log has been read to its end."""
        position = one.progress.position if one.progress and one.progress.run == run else None
        one.progress = Progress(run, position or (one.progress.position if one.progress else None), ended=True)
        self._offer(Entry(one.source, one.progress))

    def say_gap(self, source: Source, progress: Progress, words: str) -> None:
        """Lines are missing: say so in the log, in the figures and, with the lines, in Elasticsearch."""
        log.warning("logging: %s: %s", source.words, words)
        self._figures.gaps.inc()
        self._offer(Entry(source, progress, [], words, time.time_ns()))
