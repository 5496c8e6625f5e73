"""Decides when a request may run: seats by priority level, and time of the event loop.

A seat is a request that is under way: parked until its commit, on a pool thread, or waiting for another server. Reads
never are, for the event loop answers each of them in one go; what they take from others is the loop's time. So a level
that has seats also needs time of the loop's current turn: each level has its share of ``TURN``, and what other levels
leave. What comes beyond waits in the level's queues and is dispatched, by weight and fairly, in the turns that follow;
between two turns the loop looks at its sockets, so that a request of a level with time left is served at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sampan.contracts.chain import ChainRequest, OutcomeCallback, RequestOutcome, Resume
from sampan.errors import StatusError, TooManyRequests
from sampan_flowcontrol.levels import Config, Level, Seats, seats_of

TURN = 0.008  # seconds of one turn of the loop that limited levels may use together
LEAST = 0.0005  # of these, at least so much for each level
SENDING = 2e-9  # seconds that a byte of an answer takes the loop afterwards, encrypted
LONGEST = 15.0  # seconds that a request waits, then it is refused
#: Seconds after which a refusal is sent, where its connection can be parked meanwhile. Clients that ask again at once,
#: whatever Retry-After says, would else keep the loop busy with refusals: 28,000 of them beside 2,000 answers in 8 s.
DELAY = 0.5
_MOST_DELAYED = 5_000
_AT_ONCE = 20  # refusals that are sent together: their clients all ask again
_CHECK = 0.05  # seconds between two looks at what has waited for long
_REFUSED = "too many requests, please try again later."


def refused() -> StatusError:
    return TooManyRequests(_REFUSED, retry_after=1)


class Running:
    """A request that has its seats. Called with the outcome; a watch gives them back when it begins."""

    __slots__ = ("_begun", "_cost", "_dispatcher", "_level", "_over", "_turn", "_width", "on_loop")

    def __init__(
        self, dispatcher: Dispatcher, level: Level[Ticket], width: int, *, on_loop: bool, cost: float = 0.0
    ) -> None:
        self._dispatcher, self._level, self._width, self._cost = dispatcher, level, width, cost
        self.on_loop, self._over = on_loop, False
        self._begun, self._turn = 0.0, -1

    def begin(self) -> None:
        """The loop comes to it: what it computes counts from now."""
        self._begun, self._turn = self._dispatcher.now(), self._dispatcher.turn
        if self._cost:
            self._dispatcher.spend(self._level, self._cost)

    def __call__(self, outcome: RequestOutcome) -> None:
        self._end(len(outcome.body))

    def started(self, status: int) -> None:
        self._end()

    def __del__(self) -> None:
        self._end()  # its client had left before it was resumed: no one tells of an outcome

    def _end(self, sent: int = 0) -> None:
        if not self._over:
            self._over = True
            self._dispatcher.ended(
                self._level,
                self._width,
                self._begun,
                sent,
                inline=self._turn == self._dispatcher.turn and not self._cost,
            )


class Ticket:
    """A request that waits."""

    __slots__ = ("cost", "level", "request", "resume", "since", "started", "width")

    def __init__(
        self, level: Level[Ticket], request: ChainRequest, width: int, since: float, cost: float = 0.0
    ) -> None:
        self.level, self.request, self.width, self.since, self.cost = level, request, width, since, cost
        self.resume: Resume | None = None
        self.started = False  # dispatched before ``begin`` was called


class Snapshot(NamedTuple):
    """One level, for people."""

    name: str
    running: int
    waiting: int
    seats: Seats
    refused: int


class Dispatcher:
    """Thread-safe."""

    def __init__(self, total: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.now = clock
        self.turn = 0
        self._total = total
        self._lock = threading.RLock()
        self._levels: dict[str, Level[Ticket]] = {}
        self._running = 0
        self._spent = 0.0
        self._weights = 1
        self._armed = False  # ``_end_of_turn`` will be called
        self._delayed: deque[Ticket] = deque()  # those that will be refused
        self._timer: threading.Timer | None = None

    def configure(self, configs: Sequence[Config]) -> None:
        """The levels that there are now; what waits in one that is gone is served as it was."""
        limited = [each for each in configs if not each.exempt]
        seats = seats_of(limited, self._total)
        with self._lock:
            for each in limited:
                level = self._levels.get(each.name)
                if level is None:
                    self._levels[each.name] = Level(each, seats[each.name])
                else:
                    level.change(each, seats[each.name])
            for name in self._levels.keys() - {each.name for each in limited}:
                if not self._levels[name].waiting:
                    del self._levels[name]
            self._weights = max(1, sum(each.shares for each in limited))

    def level(self, name: str) -> Level[Ticket] | None:
        return self._levels.get(name)

    def enter(
        self,
        level: Level[Ticket],
        request: ChainRequest,
        width: int,
        hand: Callable[[], Sequence[int]],
        cost: float = 0.0,
    ) -> Running | Ticket:
        """Running where it may go on, a Ticket where it has to wait, be it for its refusal; raises TooManyRequests.
        ``cost``: seconds that it takes of the loop, 0 where that is to be measured."""
        on_loop = request.on_loop
        with self._lock:
            if on_loop and not self._armed:
                self._armed = request.at_end_of_turn(self._end_of_turn)
            if not level.waiting and self._has_seats(level, width) and (not on_loop or self._has_time(level)):
                self._take(level, width)
                running = Running(self, level, width, on_loop=on_loop, cost=cost)
                if on_loop:
                    running.begin()
                return running
            config = level.config
            ticket = Ticket(level, request, width, self.now(), cost)
            if not config.queues or not level.put(ticket, hand(), cost or width * level.cost):
                level.refused += 1
                if not on_loop or len(self._delayed) >= _MOST_DELAYED:
                    raise refused()
                self._delayed.append(ticket)
            self._watch_time()
            return ticket

    def begin(self, ticket: Ticket, resume: Resume) -> None:
        """The request is parked now, and can be resumed."""
        with self._lock:
            ticket.resume = resume
            started = ticket.started
        if started:
            resume(self._run(ticket))

    def ended(self, level: Level[Ticket], width: int, begun: float, sent: int, *, inline: bool) -> None:
        with self._lock:
            level.running -= width
            self._running -= width
            if inline:
                took = self.now() - begun + sent * SENDING
                level.spent += took
                self._spent += took
                level.cost += (took / width - level.cost) / 8
            started = [] if self._armed else self._dispatch()[0]
        self._resume(started)

    def spend(self, level: Level[Ticket], seconds: float) -> None:
        with self._lock:
            level.spent += seconds
            self._spent += seconds

    def snapshots(self) -> list[Snapshot]:
        with self._lock:
            return [
                Snapshot(name, each.running, each.waiting, each.seats, each.refused)
                for name, each in sorted(self._levels.items())
            ]

    def _has_seats(self, level: Level[Ticket], width: int) -> bool:
        """A level always has the seats that it does not lend; more, where they are free or may be borrowed."""
        running, seats = level.running, level.seats
        if not running or running + width <= seats.least:
            return True
        if running + width > seats.most:
            return False
        if running + width <= seats.nominal:
            return self._running + width <= self._total
        kept = sum(max(0, each.seats.least - each.running) for each in self._levels.values() if each is not level)
        return self._running + width + kept <= self._total

    def _has_time(self, level: Level[Ticket]) -> bool:
        return level.spent < self._share(level) or self._spent < TURN

    def _share(self, level: Level[Ticket]) -> float:
        return max(LEAST, TURN * level.config.shares / self._weights)

    def _take(self, level: Level[Ticket], width: int) -> None:
        level.running += width
        self._running += width

    def _waits(self) -> bool:
        return any(level.waiting for level in self._levels.values())

    def _end_of_turn(self) -> None:
        """The loop has dealt with all sockets that were ready."""
        with self._lock:
            self.turn += 1
            self._armed = False
            self._spent = 0.0
            for level in self._levels.values():
                level.spent = 0.0
            started, more = self._dispatch()
        self._resume(started)
        if more is not None:  # behind those that were resumed, so that they belong to the next turn
            with self._lock:
                if not self._armed:
                    self._armed = more.request.at_end_of_turn(self._end_of_turn)

    def _dispatch(self) -> tuple[list[Ticket], Ticket | None]:
        """Take from the queues what fits into the seats and, by experience, into a turn: level by level, by weight. And
        one that still waits though it could have a seat: the next turn has to go on. Where only seats are missing, the
        end of a request does."""
        started: list[Ticket] = []
        ticket: Ticket | None = None
        planned = 0.0
        blocked: set[str] = set()
        while True:
            ready = [each for each in self._levels.values() if each.waiting and each.config.name not in blocked]
            if not ready:
                return started, None
            level = min(ready, key=lambda each: each.virtual)
            ticket = level.next()
            assert ticket is not None
            if not self._has_seats(level, ticket.width):
                blocked.add(level.config.name)
                continue
            if planned >= TURN:
                return started, ticket
            level.take()
            work = ticket.cost or ticket.width * level.cost
            level.virtual = max(level.virtual, min(each.virtual for each in ready)) + work / max(1, level.config.shares)
            planned += work
            self._take(level, ticket.width)
            ticket.started = True
            started.append(ticket)

    def _resume(self, tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            if ticket.resume is not None:
                ticket.resume(self._run(ticket))

    def _run(self, ticket: Ticket) -> OutcomeCallback:
        running = Running(self, ticket.level, ticket.width, on_loop=ticket.request.on_loop, cost=ticket.cost)
        if running.on_loop:
            ticket.request.at_end_of_turn(running.begin)  # the loop makes this call just before it goes on with it
        return running

    def _watch_time(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(_CHECK, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        """Refuse what has waited for too long, and what was to be refused a moment ago."""
        with self._lock:
            self._timer = None
            late: list[Ticket] = []
            for level in self._levels.values():
                gone = [each for each in level.all_waiting() if self.now() - each.since > LONGEST]
                if gone:
                    level.drop(gone)
                    level.refused += len(gone)
                    late += gone
            for _ in range(_AT_ONCE):
                if self._delayed and self.now() - self._delayed[0].since > DELAY:
                    late.append(self._delayed.popleft())
            if self._waits() or self._delayed:
                self._watch_time()
        for ticket in late:
            if ticket.resume is not None:
                ticket.resume(refused())

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
