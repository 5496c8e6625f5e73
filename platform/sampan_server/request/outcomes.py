"""The outcome of a request, told once to the chain steps that wanted to hear of it.

A request may be answered in the call, parked, run on the pool or leave HTTP (sampan_http.handoff): ``followed`` wraps
what hands it over. A tracker exists only for requests that a contributed step has asked to be told of.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from sampan.contracts.chain import OutcomeCallback, RequestOutcome
from sampan.contracts.serving import Answer
from sampan.errors import StatusError
from sampan_http.handoff import Connection, Hijacked, Offloaded, Outcome, Parked

log = logging.getLogger(__name__)

Handoff = Parked | Hijacked | Offloaded
Run = TypeVar("Run")

SWITCHED = 101  # the status of a connection taken over by a subresource


class OutcomeTracker:
    """Of one request. The first ``tell`` counts; a request that is dropped unanswered is told of with status 0."""

    __slots__ = ("annotations", "raw_status", "started", "told")

    def __init__(self, started: float) -> None:
        self.started = started
        self.told: list[OutcomeCallback] = []
        self.annotations: dict[str, str] = {}
        self.raw_status = SWITCHED  # another where a subresource has answered instead of taking the connection

    def begin(self, status: int) -> None:
        """The answer is a stream, which begins."""
        for each in self.told:
            started = getattr(each, "started", None)
            if started is not None:
                try:
                    started(status)
                except Exception:
                    log.exception("a chain step failed when it was told that a stream begins")

    def tell(self, status: int, body: bytes = b"") -> None:
        """The last step that was asked is told first."""
        told, self.told = self.told, []
        if told:
            outcome = RequestOutcome(status, time.perf_counter() - self.started, self.annotations, body)
            for each in reversed(told):
                try:
                    each(outcome)
                except Exception:
                    log.exception("a chain step failed when it was told of an outcome")

    def __del__(self) -> None:
        if self.told:
            self.tell(0)

    def finished(self, answer: Answer) -> Answer:
        """The answer; one whose body is a stream is told of at its end."""
        if isinstance(answer.body, bytes):
            self.tell(answer.status, answer.body)
            return answer
        self.begin(answer.status)
        return replace(answer, body=_Stream(answer.body, lambda: self.tell(answer.status)))

    def followed(self, handoff: Handoff) -> Handoff:
        """The same handoff, told of when it ends."""
        if isinstance(handoff, Parked):
            begin = handoff.begin
            return Parked(lambda resume: begin(lambda outcome: resume(lambda: self._of(outcome))))
        if isinstance(handoff, Hijacked):
            return Hijacked(self._taken(handoff.take))
        run, run_raw, detector = handoff.run, handoff.run_raw, _DropDetector(self)
        return Offloaded(
            None if run is None else lambda: self.finished(self._of(detector.begun(run))),
            run_raw=None if run_raw is None else lambda sock: self._raw(detector.begun(run_raw), sock),
            heavy=handoff.heavy,
        )

    def _of(self, outcome: Outcome) -> Any:
        """What comes of a request later. Parked ones tell by ``Request.finish``, the others by what is raised."""
        try:
            return outcome()
        except (Parked, Hijacked, Offloaded) as handoff:
            raise self.followed(handoff) from None
        except BaseException as error:
            self.tell(error.code if isinstance(error, StatusError) else 500)
            raise

    def _taken(self, take: Callable[[Connection], None]) -> Callable[[Connection], None]:
        def taken(connection: Connection) -> None:
            try:
                take(connection)
            except Exception:
                self.tell(500)
                raise
            self.begin(200)
            ended = connection.on_close
            if ended is None:  # over already
                self.tell(200)
                return

            def close() -> None:
                try:
                    ended()
                finally:
                    self.tell(200)

            connection.on_close = close

        return taken

    def _raw(self, run_raw: Callable[[object], None], sock: object) -> None:
        try:
            run_raw(sock)
        finally:
            self.tell(self.raw_status)


class _DropDetector:
    """Tells of a request that was to run on the pool and was dropped: its client had left, or the pool was full. Goes
    with the Offloaded, which nothing else refers to."""

    __slots__ = ("_tracker",)

    def __init__(self, tracker: OutcomeTracker) -> None:
        self._tracker: OutcomeTracker | None = tracker

    def begun(self, run: Run) -> Run:
        """It has not been dropped."""
        self._tracker = None
        return run

    def __del__(self) -> None:
        if self._tracker is not None:
            self._tracker.tell(0)


class _Stream:
    """A body that says when it has ended: read to its end, failed, or closed."""

    def __init__(self, body: Iterator[bytes], ended: Callable[[], None]) -> None:
        self._body, self._ended = body, ended

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._body)
        except BaseException:
            self._ended()
            raise

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._ended()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)
