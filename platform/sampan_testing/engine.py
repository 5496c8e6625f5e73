"""The control plane of a test cluster in turns: informers, reconcilers, scheduler and hollow nodes, one piece of
work after another, by a clock that can be moved forward.

Between two pieces nothing happens, so "at rest" has a meaning: every informer has seen everything, every queue is empty
and only timers are left. A move of the clock runs from timer to timer and comes to rest after each.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sampan.contracts.turns import Turns
from sampan_client.events import Recorder
from sampan_reconciler.runtime import Runtime
from sampan_testing.clocks import RunningClock
from sampan_testing.polling import News, PolledHub

log = logging.getLogger(__name__)

MOST_TURNS = 200_000  # until the next rest
LONGEST_WAIT = 0.5  # seconds until the engine looks again although nothing was told


class Engine:
    """Runs what works in turns. ``start`` does so on a thread; ``settle`` and ``advance`` on the caller's."""

    def __init__(self, clock: RunningClock, hub: PolledHub, news: News) -> None:
        self.clock, self.hub, self._news = clock, hub, news
        self.parts: dict[str, Turns] = {}
        self._makers: dict[str, Callable[[], Turns]] = {}
        self._turn = 0
        self.catch_up: Callable[[], None] = lambda: None  # waits until the watches have been told of all writes
        self._lock = threading.RLock()
        self._wanted = 0  # callers that want the lock: the engine's thread lets them
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, name: str, make: Callable[[], Turns]) -> None:
        """A part, as ``make`` makes it: again after ``restart``."""
        with self._lock:
            self._makers[name] = make
            self.parts[name] = make()

    def restart(self, name: str) -> None:
        """As if the part's process had ended and was started again: what it had in memory is lost."""
        with self._lock:
            self.parts[name].close()
            self.parts[name] = self._makers[name]()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="cluster engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._news.tell()
        if self._thread is not None:
            self._thread.join(10)
        for part in self.parts.values():
            part.close()

    def turn(self) -> bool:
        """One piece of work, fairly between the parts. False: the cluster is at rest until its next timer."""
        with self._lock:
            self.catch_up()
            return self._watched() or self._worked()

    def _watched(self) -> bool:
        """Let informers take what has come."""
        return self.hub.step()

    def _worked(self) -> bool:
        """One turn of the first part that has work."""
        names = list(self.parts)
        for offset in range(len(names)):
            at = (self._turn + offset) % len(names)
            if self._guarded(names[at]):
                self._turn = at + 1
                return True
        return False

    def _guarded(self, name: str) -> bool:
        try:
            return self.parts[name].turn()
        except Exception:
            log.exception("%s failed in a turn", name)
            return True

    def due(self) -> float | None:
        """The time of the next timer."""
        with self._lock:
            times = [self.hub.due(), *(part.due() for part in self.parts.values())]
            return min((each for each in times if each is not None), default=None)

    def settle(self) -> int:
        """Work until the cluster is at rest; returns the number of turns. AssertionError if it does not come to
        rest."""
        with self._held():
            for turns in range(MOST_TURNS):
                if not self.turn():
                    return turns
        raise AssertionError(f"the cluster does not come to rest within {MOST_TURNS} turns")

    def advance(self, seconds: float) -> None:
        """Let time pass, from timer to timer, at rest after each."""
        with self._held():
            until = self.clock.time() + seconds
            self.settle()
            while (due := self.due()) is not None and due <= until:
                self.clock.jump(due)
                self.settle()
            self.clock.jump(until)
            self.settle()

    def _held(self) -> _Held:
        return _Held(self)

    def _run(self) -> None:
        while not self._stop.is_set():
            seen = self._news.count()
            if self._wanted or not self.turn():
                due = self.due()
                wait = LONGEST_WAIT if due is None else min(LONGEST_WAIT, max(0.001, due - self.clock.time()))
                self._news.wait(seen, 0.001 if self._wanted else wait)


class _Held:
    """The engine's thread stands still meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        self._engine._wanted += 1
        self._engine._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._engine._lock.release()
        self._engine._wanted -= 1


class RuntimeTurns:
    """A reconciler runtime and its recorder as Turns."""

    def __init__(self, runtime: Runtime, recorder: Recorder) -> None:
        self.runtime, self._recorder = runtime, recorder
        runtime.start_watching()

    def turn(self) -> bool:
        return self.runtime.turn() or self._recorder.write_one()

    def due(self) -> float | None:
        return self.runtime.due()

    def close(self) -> None:
        self.runtime.stop()
        self._recorder.close()
