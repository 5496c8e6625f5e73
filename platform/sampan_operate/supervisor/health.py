"""The health of the components of one process, and the readiness of the process.

Thread-safe. Knows components by name only; ``health_server`` serves it.
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
class ComponentState:
    """The last report of one component. ``since``: seconds since the epoch."""

    state: str = STARTING
    words: str = ""
    since: float = 0.0
    restarts: int = 0


class HealthReporter:
    """Reports the state of one component."""

    def __init__(self, health: ProcessHealth, name: str) -> None:
        self._health, self.name = health, name

    def starting(self) -> None:
        """A run begins. After one that failed its words stay until this one has something to say."""
        self._health.begin(self.name)

    def ready(self, words: str) -> None:
        if self._health.update(self.name, READY, words):
            log.info("%s: %s", self.name, words)

    def failing(self, words: str) -> None:
        if self._health.update(self.name, FAILING, words):
            log.warning("%s is failing: %s", self.name, words)

    def standby(self, words: str) -> None:
        """Healthy, but another instance is the leader."""
        if self._health.update(self.name, STANDBY, words):
            log.info("%s: %s", self.name, words)

    def ended(self, words: str) -> None:
        """The component failed or ended and will be restarted. The caller logs it."""
        self._health.update(self.name, FAILING, words, restarted=True)

    def new_registry(self) -> CollectorRegistry:
        """A new metrics registry for this run of the component; that of the last run is no longer served."""
        return self._health.fresh_registry(self.name)


class ProcessHealth:
    """The states of all components of this process, and their metrics."""

    def __init__(self, names: Iterable[str]) -> None:
        now = time.time()
        self._lock = threading.Lock()
        self._states = {name: ComponentState(since=now) for name in names}
        self._registries: dict[str, CollectorRegistry] = {}

    def reporter(self, name: str) -> HealthReporter:
        return HealthReporter(self, name)

    def update(self, name: str, state: str, words: str, *, restarted: bool = False) -> bool:
        """Store a report. Returns whether it differs from the last one."""
        with self._lock:
            before = self._states[name]
            if (before.state, before.words) == (state, words) and not restarted:
                return False
            since = before.since if before.state == state else time.time()
            self._states[name] = replace(before, state=state, words=words, since=since)
            if restarted:
                self._states[name] = replace(self._states[name], restarts=before.restarts + 1)
            return True

    def begin(self, name: str) -> None:
        """A run of the component begins; a failed run's report stands until this one reports."""
        if self.states()[name].state != FAILING:
            self.update(name, STARTING, "")

    def states(self) -> dict[str, ComponentState]:
        with self._lock:
            return dict(self._states)

    def state(self) -> dict[str, Any]:
        """For programs: {"ready": …, "components": {name: {"state", "words", "since", "restarts"}}}."""
        states = self.states()
        return {"ready": is_ready(states), "components": {name: asdict(each) for name, each in states.items()}}

    def readiness(self, *, verbose: bool = False) -> tuple[bool, str]:
        """Whether all components are healthy, and the body of the answer to /readyz."""
        states = self.states()
        well = is_ready(states)
        if well and not verbose:
            return True, "ok"
        lines = [
            f"[+]{name} {each.state}: {each.words}" if _is_well(each) else f"[-]{name} {each.state}: {each.words}"
            for name, each in states.items()
        ]
        lines.append(f"readyz check {'passed' if well else 'failed'}")
        return well, "\n".join(line.removesuffix(": ") for line in lines) + "\n"

    def fresh_registry(self, name: str) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry

        registry = self._registries[name] = CollectorRegistry()
        return registry

    def exposition(self) -> bytes:
        """The metrics of every component and of the process, in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        own = CollectorRegistry()
        ProcessCollector(registry=own)
        own.register(_Readiness(self.states()))
        return b"".join(generate_latest(registry) for registry in (own, *list(self._registries.values())))


class _Readiness:
    """The components' states as metrics."""

    def __init__(self, states: dict[str, ComponentState]) -> None:
        self._states = states

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        ready = GaugeMetricFamily("sampan_component_ready", "1 if the component is healthy.", labels=["component"])
        restarts = CounterMetricFamily("sampan_component_restarts", "Runs that failed or ended.", labels=["component"])
        for name, each in self._states.items():
            ready.add_metric([name], float(_is_well(each)))
            restarts.add_metric([name], each.restarts)
        yield ready
        yield restarts


def _is_well(state: ComponentState) -> bool:
    return state.state in (READY, STANDBY)


def is_ready(states: dict[str, ComponentState]) -> bool:
    return all(map(_is_well, states.values()))
