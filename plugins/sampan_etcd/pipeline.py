"""Many commits under way at once, in an order that can be told.

Two promises: commits that name a common key are carried out in the order they were submitted (the later one starts
when the earlier one is answered), and callbacks come in the order of the revisions. Must not know etcd: it is given a
function that starts a commit, and ``finish`` is called when one is answered."""

from __future__ import annotations

import heapq
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from sampan.contracts.store import Done, Op, Unavailable
from sampan.errors import SampanError

log = logging.getLogger(__name__)

UNDER_WAY = 256

Answer = int | SampanError


class Submission:
    """A submitted commit."""

    __slots__ = ("blockers", "done", "followers", "ops", "ticket")

    def __init__(self, ops: Sequence[Op], done: Done) -> None:
        self.ops = ops
        self.done = done
        self.blockers = 0  # orders before it that name a key of its own and are not answered
        self.followers: list[Submission] = []
        self.ticket = 0


class Pipeline:
    """Any thread may submit, any may finish."""

    def __init__(self, start: Callable[[Submission], None]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._quiet = threading.Condition(self._lock)
        self._closed = False
        self._last: dict[str, Submission] = {}  # key -> the last unanswered order that names it
        self._ready: deque[Submission] = deque()  # free to start
        self._open: dict[int, Submission] = {}  # started, by ticket: the first one is the oldest
        self._tickets = 0
        self._unanswered = 0
        self._early: list[tuple[int, int, int, Done]] = []  # (revision, number, tickets given then, callback)
        self._delivered = 0  # the newest revision whose callback is due
        self._answers: deque[tuple[Done, Answer]] = deque()
        self._answering = threading.Lock()

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        order = Submission(ops, done)
        with self._lock:
            if self._closed:
                self._answers.append((done, Unavailable("the store is closed")))
            else:
                self._unanswered += 1
                self._queue(order)
            starting = self._next()
        self._go(starting)

    def finish(self, order: Submission, answer: Answer) -> None:
        """The order's outcome is known."""
        with self._lock:
            del self._open[order.ticket]
            for op in order.ops:
                if self._last.get(op.key) is order:
                    del self._last[op.key]
            for follower in order.followers:
                follower.blockers -= 1
                if not follower.blockers:
                    self._ready.append(follower)
            if isinstance(answer, int):
                heapq.heappush(self._early, (answer, order.ticket, self._tickets, order.done))
            else:
                self._answers.append((order.done, answer))
                self._unanswered -= 1
            self._release()
            starting = self._next()
        self._go(starting)

    def close(self, timeout: float) -> None:
        """Refuse what comes later and wait for what came before."""
        with self._lock:
            self._closed = True
            self._quiet.wait_for(lambda: not self._unanswered and not self._answers, timeout)

    def _queue(self, order: Submission) -> None:
        for op in order.ops:
            before = self._last.get(op.key)
            if before is not None and before is not order:
                before.followers.append(order)
                order.blockers += 1
            self._last[op.key] = order
        if not order.blockers:
            self._ready.append(order)

    def _next(self) -> list[Submission]:
        """What may start now, each with its ticket."""
        starting = []
        while self._ready and len(self._open) < UNDER_WAY:
            order = self._ready.popleft()
            self._tickets += 1
            order.ticket = self._tickets
            self._open[order.ticket] = order
            starting.append(order)
        return starting

    def _release(self) -> None:
        """Move to the answers what no order under way can come before.

        An order started after this one's answer has come gets a later revision; so only those that were under way then
        are waited for, and not even those where the revision follows the last one.
        """
        oldest = next(iter(self._open), self._tickets + 1)
        while self._early:
            revision, _, tickets, done = self._early[0]
            if revision > self._delivered + 1 and oldest <= tickets:
                return
            heapq.heappop(self._early)
            self._delivered = max(self._delivered, revision)
            self._answers.append((done, revision))
            self._unanswered -= 1

    def _go(self, starting: list[Submission]) -> None:
        for order in starting:
            self._start(order)
        self._deliver()

    def _deliver(self) -> None:
        """Call what is to be called, outside the lock, one thread at a time so that the order holds."""
        while self._answers and self._answering.acquire(blocking=False):
            try:
                while self._answers:
                    done, answer = self._answers[0]
                    try:
                        done(answer)
                    except Exception:
                        log.exception("a commit's callback failed")
                    self._answers.popleft()
            finally:
                self._answering.release()
        if self._closed:
            with self._lock:
                self._quiet.notify_all()
