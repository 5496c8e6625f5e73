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
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sampan.contracts.chain import ChainRequest, OutcomeCallback, Resume
from sampan.errors import StatusError, TooManyRequests
from sampan_flowcontrol.levels import Config, Level, Seats, seats_of

TURN = 0.008  # seconds of one turn of the loop that limited levels may use together
LEAST = 0.0005  # of these, at least so much for each level
LONGEST = 15.0  # seconds that a request waits, then it is refused
_REFUSED = "too many requests, please try again later."


def refused() -> StatusError:
    return TooManyRequests(_REFUSED, retry_after=1)


class Running:
    """A request that has its seats. Called with the outcome; a watch gives them back when it begins."""

    __slots__ = ("_begun", "_dispatcher", "_level", "_on_loop", "_over", "_turn", "_width")

    def __init__(self, dispatcher: Dispatcher, level: Level[Ticket], width: int, *, on_loop: bool) -> None:
        self._dispatcher, self._level, self._width = dispatcher, level, width
        self._on_loop, self._over = on_loop, False
        self._begun, self._turn = dispatcher.now(), dispatcher.turn

    def __call__(self, outcome: object) -> None:
        self._end()

    def started(self, status: int) -> None:
        self._end()

    def __del__(self) -> None:
        self._end()  # its client had left before it was resumed: no one tells of an outcome

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._dispatcher.ended(
                self._level, self._width, self._begun, inline=self._on_loop and self._turn == self._dispatcher.turn
            )


class Ticket:
    """A request that waits."""

    __slots__ = ("level", "request", "resume", "since", "started", "width")

    def __init__(self, level: Level[Ticket], request: ChainRequest, width: int, since: float) -> None:
        self.level, self.request, self.width, self.since = level, request, width, since
        self.resume: Resume | None = None
        self.started = False  # dispatched before ``begin`` was called


class Snapshot(NamedTuple):
    """One level, for people."""

    name: str
    running: int
    waiting: int
    seats: Seats


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
        self._last = 0.0  # when the loop has ended its last request
        self._weights = 1
        self._armed = False  # ``_end_of_turn`` will be called
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
        self, level: Level[Ticket], request: ChainRequest, width: int, hand: Callable[[], Sequence[int]]
    ) -> Running | Ticket:
        """Running where it may go on, a Ticket where it has to wait; raises TooManyRequests."""
        on_loop = request.on_loop
        with self._lock:
            if on_loop and not self._armed:
                self._armed = request.at_end_of_turn(self._end_of_turn)
            if not level.waiting and self._has_seats(level, width) and (not on_loop or self._has_time(level)):
                self._take(level, width)
                return Running(self, level, width, on_loop=on_loop)
            config = level.config
            ticket = Ticket(level, request, width, self.now())
            if not config.queues or not level.put(ticket, hand(), width * level.cost):
                raise refused()
            self._watch_time()
            return ticket

    def begin(self, ticket: Ticket, resume: Resume) -> None:
        """The request is parked now, and can be resumed."""
        with self._lock:
            ticket.resume = resume
            started = ticket.started
        if started:
            resume(self._run(ticket))

    def ended(self, level: Level[Ticket], width: int, begun: float, *, inline: bool) -> None:
        with self._lock:
            level.running -= width
            self._running -= width
            if inline:
                now = self.now()
                took, self._last = now - max(begun, self._last), now  # the loop does one after the other
                level.spent += took
                self._spent += took
                level.cost += (took / width - level.cost) / 8
            started = [] if self._armed else self._dispatch()[0]
        self._resume(started)

    def snapshots(self) -> list[Snapshot]:
        with self._lock:
            return [
                Snapshot(name, each.running, each.waiting, each.seats) for name, each in sorted(self._levels.items())
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
            work = ticket.width * level.cost
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
        # A resumed request runs in the loop's next turn; its time counts from when the loop comes to it, which is not
        # told, so that it counts from now: the requests of one turn are few.
        return Running(self, ticket.level, ticket.width, on_loop=ticket.request.on_loop)

    def _watch_time(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(1.0, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        """Refuse what has waited for too long."""
        with self._lock:
            self._timer = None
            late: list[Ticket] = []
            for level in self._levels.values():
                gone = [each for each in level.all_waiting() if self.now() - each.since > LONGEST]
                level.drop(gone)
                late += gone
            if self._waits():
                self._watch_time()
        for ticket in late:
            if ticket.resume is not None:
                ticket.resume(refused())

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
