"""A priority level at work: its seats, and its queues with their virtual times. Not thread-safe; knows no requests.

Within a level the queues take turns by start-time fair queuing: a queue is dispatched where its virtual time is the
smallest, and moves on by the work that was dispatched. Source: KEP-1040, "Fair Queuing for Server Requests".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from sampan.contracts.kinds import Object

Item = TypeVar("Item")
UNLIMITED = 1 << 30


class Config(NamedTuple):
    """What a PriorityLevelConfiguration says."""

    name: str
    uid: str
    exempt: bool
    shares: int
    lendable: float  # of its seats, 0 to 1
    borrowing: float | None  # of its seats; None: no limit of its own
    queues: int  # 0: what has no seat is refused
    hand: int
    longest: int  # requests in one queue


def config_of(obj: Object) -> Config:
    spec = obj["spec"]
    exempt = spec.get("type") == "Exempt"
    found = spec.get("exempt" if exempt else "limited") or {}
    queuing = (found.get("limitResponse") or {}).get("queuing") or {}
    borrowing = found.get("borrowingLimitPercent")
    return Config(
        obj["metadata"]["name"], obj["metadata"].get("uid") or "", exempt, found.get("nominalConcurrencyShares") or 0,
        (found.get("lendablePercent") or 0) / 100, None if borrowing is None else borrowing / 100,
        queuing.get("queues") or 0, queuing.get("handSize") or 0, queuing.get("queueLengthLimit") or 0,
    )  # fmt: skip


class Seats(NamedTuple):
    """How many requests of a level may run at once."""

    nominal: int
    least: int  # those that are never lent
    most: int  # with what may be borrowed


def seats_of(configs: Iterable[Config], total: int) -> dict[str, Seats]:
    """By name; each level gets its share of ``total``, rounded up."""
    known = list(configs)
    shares = sum(each.shares for each in known)
    found = {}
    for each in known:
        nominal = -(-total * each.shares // shares) if shares else 0
        least = nominal - round(nominal * each.lendable)
        most = UNLIMITED if each.borrowing is None else nominal + round(nominal * each.borrowing)
        found[each.name] = Seats(nominal, least, most)
    return found


class Queue(Generic[Item]):
    __slots__ = ("items", "virtual")

    def __init__(self) -> None:
        self.items: deque[tuple[Item, float]] = deque()
        self.virtual = 0.0


class Level(Generic[Item]):
    """Counts what runs, and holds what waits."""

    def __init__(self, config: Config, seats: Seats) -> None:
        self.config, self.seats = config, seats
        self.running = 0  # seats that are taken
        self.waiting = 0  # requests in queues
        self.refused = 0  # requests, since the start
        self.spent = 0.0  # seconds of the event loop's turn that it has used
        self.cost = 0.0002  # seconds that a seat of it takes of the loop, by experience
        self.virtual = 0.0  # of the last dispatch; of the levels among each other
        self._queues: dict[int, Queue[Item]] = {}  # those that are not empty
        self._now = 0.0  # virtual time of the last dispatch from a queue

    def change(self, config: Config, seats: Seats) -> None:
        """What waits stays where it is."""
        self.config, self.seats = config, seats

    def put(self, item: Item, hand: Iterable[int], work: float) -> bool:
        """Into the shortest queue of the hand; False where that is full."""
        best, shortest = -1, UNLIMITED
        for number in hand:
            queue = self._queues.get(number)
            length = len(queue.items) if queue is not None else 0
            if length < shortest:
                best, shortest = number, length
        if shortest >= self.config.longest:
            return False
        found = self._queues.get(best)
        if found is None:
            found = self._queues[best] = Queue()
            found.virtual = self._now
        found.items.append((item, work))
        self.waiting += 1
        return True

    def next(self) -> Item | None:
        """What would be dispatched now."""
        if not self._queues:
            return None
        return self._queues[self._first()].items[0][0]

    def take(self) -> Item:
        """Dispatch it. Raises LookupError where nothing waits."""
        number = self._first()
        queue = self._queues[number]
        item, work = queue.items.popleft()
        self._now = queue.virtual
        queue.virtual += work
        self.waiting -= 1
        if not queue.items:
            del self._queues[number]
        return item

    def _first(self) -> int:
        return min(self._queues, key=lambda number: (self._queues[number].virtual, number))

    def drop(self, items: Iterable[Item]) -> None:
        """Take these out, wherever they wait."""
        gone = set(map(id, items))
        for number, queue in list(self._queues.items()):
            kept = deque(each for each in queue.items if id(each[0]) not in gone)
            self.waiting -= len(queue.items) - len(kept)
            queue.items = kept
            if not kept:
                del self._queues[number]

    def all_waiting(self) -> list[Item]:
        return [item for queue in self._queues.values() for item, _ in queue.items]

    def lengths(self) -> list[int]:
        return [len(queue.items) for queue in self._queues.values()]
