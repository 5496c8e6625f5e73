"""Scrapes every node's agent at an interval. Each look is one request through the API server's node proxy, which
works on any Kubernetes: no route to the nodes and no trust in their own certificates is needed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from urllib.parse import quote

from sampan.errors import SampanError
from sampan_client import Client
from sampan_metrics.figures import Figures
from sampan_metrics.reading import LARGEST, Address, points
from sampan_metrics.usage import LatestUsage, Usage

log = logging.getLogger(__name__)

AT_ONCE = 8  # nodes looked at together
SECOND_LOOK = 2.0  # seconds after the first, so that there is a rate soon
LATE = 4  # intervals after which what was not measured again is dropped


class Scraper:
    """``nodes``: names of those there are now. ``on_fresh`` gets what is new of a node, on one of our threads."""

    def __init__(
        self, client: Client, known: LatestUsage, nodes: Callable[[], Sequence[str]], figures: Figures, *,
        interval: float, on_fresh: Callable[[str, Mapping[Address, Usage]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._client, self._known, self._nodes, self._figures = client, known, nodes, figures
        self._interval, self._on_fresh, self._clock = interval, on_fresh, clock
        self._busy: set[str] = set()
        self._wanted: SimpleQueue[str | None] = SimpleQueue()
        self._workers = 0
        self._failing: dict[str, str] = {}  # why, by node
        self._lock = threading.Lock()

    def run(self, stop: threading.Event, told: Callable[[], None]) -> None:
        """Until stopped; ``told`` is called after every round. A node that is slow to answer delays no other and not
        the end: threads that wait for one are left behind."""
        began = time.monotonic()
        wait = min(SECOND_LOOK, self._interval)
        try:
            while not stop.is_set():
                self.start_round()
                told()
                began += wait
                late = time.monotonic() - began
                if late > self._interval:  # the machine slept
                    began += late
                stop.wait(max(0.0, began - time.monotonic()))
                wait = self._interval
        finally:
            for _ in range(self._workers):
                self._wanted.put(None)

    def start_round(self) -> None:
        """Ask every node that is not being asked still."""
        names = self._nodes()
        self._known.forget_others(names)
        self._known.drop_older(self._clock() - LATE * self._interval)
        with self._lock:
            self._failing = {node: why for node, why in self._failing.items() if node in names}
            free = [name for name in names if name not in self._busy]
            self._busy.update(free)
        while self._workers < min(AT_ONCE, len(names)):
            self._workers += 1
            threading.Thread(target=self._work, name=f"metrics-scrape-{self._workers}", daemon=True).start()
        for name in free:
            self._wanted.put(name)

    def _work(self) -> None:
        while (node := self._wanted.get()) is not None:
            self.look(node)

    def failing(self) -> dict[str, str]:
        """Why the last look at a node came to nothing, by node."""
        with self._lock:
            return dict(self._failing)

    def look(self, node: str) -> None:
        began = time.monotonic()
        why = ""
        try:
            found = self._client.request("GET", f"/api/v1/nodes/{quote(node, safe='')}/proxy/metrics/resource")
            if len(found.body) > LARGEST:
                raise ValueError("its answer is too long")
            read = points(found.body.decode(errors="replace"), self._clock())
            if not read:
                raise ValueError("its answer has no figures")
            self._on_fresh(node, self._known.take(node, read))
        except (SampanError, OSError, ValueError) as error:
            why = str(error) or type(error).__name__
        except Exception as error:
            log.exception("metrics: looking at node %s failed", node)
            why = str(error)
        self._figures.seconds.observe(time.monotonic() - began)
        self._figures.scrapes.labels("failed" if why else "done").inc()
        with self._lock:
            self._busy.discard(node)
            if why and node not in self._failing:
                log.warning("metrics: node %s tells no figures: %s", node, why)
            if why:
                self._failing[node] = why
            else:
                self._failing.pop(node, None)
