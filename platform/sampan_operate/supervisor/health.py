"""What the components of one process say of themselves, and what that means for the process.

Thread-safe. Knows components by name only; how it is served is told in ``exposing``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

log = logging.getLogger(__name__)

STARTING, READY, FAILING, STANDBY = "starting", "ready", "failing", "standby"


@dataclass(frozen=True)
class Said:
    """What one component said last. ``since``: seconds since the epoch."""

    state: str = STARTING
    words: str = ""
    since: float = 0.0
    restarts: int = 0


class Voice:
    """One component's way of saying how it is."""

    def __init__(self, board: Board, name: str) -> None:
        self._board, self.name = board, name

    def starting(self) -> None:
        self._board.hear(self.name, STARTING, "")

    def ready(self, words: str) -> None:
        if self._board.hear(self.name, READY, words):
            log.info("%s: %s", self.name, words)

    def failing(self, words: str) -> None:
        if self._board.hear(self.name, FAILING, words):
            log.warning("%s is failing: %s", self.name, words)

    def standby(self, words: str) -> None:
        """Well, and another instance works."""
        if self._board.hear(self.name, STANDBY, words):
            log.info("%s: %s", self.name, words)

    def ended(self, words: str) -> None:
        """It failed or ended and is about to be started again; whoever calls this logs it."""
        self._board.hear(self.name, FAILING, words, restarted=True)

    def figures(self) -> CollectorRegistry:
        """A fresh registry for this run of the component; that of the last run is no longer served."""
        return self._board.fresh_registry(self.name)


class Board:
    """Everything said in this process."""

    def __init__(self, names: Iterable[str]) -> None:
        now = time.time()
        self._lock = threading.Lock()
        self._said = {name: Said(since=now) for name in names}
        self._registries: dict[str, CollectorRegistry] = {}

    def voice(self, name: str) -> Voice:
        return Voice(self, name)

    def hear(self, name: str, state: str, words: str, *, restarted: bool = False) -> bool:
        """Whether that is anything new."""
        with self._lock:
            before = self._said[name]
            if (before.state, before.words) == (state, words) and not restarted:
                return False
            since = before.since if before.state == state else time.time()
            self._said[name] = replace(before, state=state, words=words, since=since)
            if restarted:
                self._said[name] = replace(self._said[name], restarts=before.restarts + 1)
            return True

    def said(self) -> dict[str, Said]:
        with self._lock:
            return dict(self._said)

    def state(self) -> dict[str, Any]:
        """For programs: {"ready": …, "components": {name: {"state", "words", "since", "restarts"}}}."""
        said = self.said()
        return {"ready": is_ready(said), "components": {name: asdict(each) for name, each in said.items()}}

    def readiness(self, *, verbose: bool = False) -> tuple[bool, str]:
        """Whether all is well, and the words of an answer to /readyz."""
        said = self.said()
        well = is_ready(said)
        if well and not verbose:
            return True, "ok"
        lines = [
            f"[+]{name} {each.state}: {each.words}" if _is_well(each) else f"[-]{name} {each.state}: {each.words}"
            for name, each in said.items()
        ]
        lines.append(f"readyz check {'passed' if well else 'failed'}")
        return well, "\n".join(line.removesuffix(": ") for line in lines) + "\n"

    def fresh_registry(self, name: str) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry

        registry = self._registries[name] = CollectorRegistry()
        return registry

    def exposition(self) -> bytes:
        """Every component's figures and the process's own, in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        own = CollectorRegistry()
        ProcessCollector(registry=own)
        own.register(_Readiness(self.said()))
        return b"".join(generate_latest(registry) for registry in (own, *list(self._registries.values())))


class _Readiness:
    """The board as figures."""

    def __init__(self, said: dict[str, Said]) -> None:
        self._said = said

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        ready = GaugeMetricFamily("sampan_component_ready", "1 where the component is well.", labels=["component"])
        restarts = CounterMetricFamily("sampan_component_restarts", "Runs that failed or ended.", labels=["component"])
        for name, each in self._said.items():
            ready.add_metric([name], float(_is_well(each)))
            restarts.add_metric([name], each.restarts)
        yield ready
        yield restarts


def _is_well(said: Said) -> bool:
    return said.state in (READY, STANDBY)


def is_ready(said: dict[str, Said]) -> bool:
    return all(map(_is_well, said.values()))
