"""Runs the add-on's controllers: keys of each are queued in a lane of its own and handled, by threads or in turns.

Must not know what any of them does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sampan_client import Client
from sampan_client.hub import start_thread
from sampan_client.queue import Item, Queue
from sampan_client.working import work_off, work_one
from sampan_federation.caches import Caches
from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.settings import Settings

if TYPE_CHECKING:
    from sampan_client.events import Recorder
    from sampan_federation.members.registry import Members

log = logging.getLogger(__name__)

Enqueue = Callable[[Hashable], None]


@dataclass(frozen=True)
class Context:
    """What every controller is made of."""

    host: Client
    caches: Caches  # the host's objects
    members: Members  # clients of the member clusters
    settings: Settings
    clock: Callable[[], float]  # seconds since the epoch
    recorder: Recorder
    interpreter: Interpreter = field(default_factory=Interpreter)  # what kinds mean, with customizations


class Controller(Protocol):
    """One subject's work. ``handle`` reads caches, decides by a pure function, and writes."""

    name: str
    workers: int  # how many keys are handled at the same time

    def start(self, enqueue: Enqueue) -> None:
        """Register handlers at caches; ``enqueue`` may be called from any thread. Nothing is handled before all caches
        asked for here are complete."""

    def handle(self, key: Hashable) -> float | None:
        """Do what is to be done about the key. Returns in how many seconds to look again; None: after a change. Raises
        Conflict, StatusError or ConnectionError: it is tried again with back-off."""

    def close(self) -> None: ...


class Controllers:
    """All controllers over one queue. Satisfies ``Turns``; ``run_threads`` is for processes."""

    def __init__(self, controllers: Sequence[Controller], caches: Caches, ticks: Callable[[], float]) -> None:
        self._controllers = list(controllers)
        self._caches = caches
        self._queue = Queue([each.workers for each in controllers], ticks)
        self._opened = False

    def start(self) -> None:
        for lane, controller in enumerate(self._controllers):
            controller.start(self._enqueue_to(lane))
        self.open_when_synced()

    def open_when_synced(self) -> None:
        """To be called when a cache has become complete."""
        if not self._opened and self._caches.synced:
            self._opened = True
            for lane in range(len(self._controllers)):
                self._queue.open(lane)

    def run_threads(self) -> None:
        for _ in range(sum(each.workers for each in self._controllers)):
            start_thread(self._work, "federation")

    def turn(self) -> bool:
        self.open_when_synced()
        return work_one(self._queue, self._handle, log=log, what="federation: %s")

    def due(self) -> float | None:
        return self._queue.due()

    def close(self) -> None:
        self._queue.close()
        for controller in self._controllers:
            controller.close()

    def _enqueue_to(self, lane: int) -> Enqueue:
        return lambda key: self._queue.add(Item(lane, key))

    def _work(self) -> None:
        work_off(self._queue, self._handle, log=log, what="federation: %s")

    def _handle(self, item: Item) -> None:
        again = self._controllers[item.lane].handle(item.key)
        if again is not None:
            self._queue.add_after(item, again)
