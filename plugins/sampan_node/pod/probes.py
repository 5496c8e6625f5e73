"""Probing a running container: startup first, then liveness and readiness, each at its own pace.

Counts successes and failures, and reports results through callbacks. Runs on a small pool.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sampan.contracts.kinds import Object
from sampan_node.clock import Alarm, Clock
from sampan_node.pod.handlers import HandlerResult

log = logging.getLogger(__name__)

KINDS = ("startup", "liveness", "readiness")
#: (kind, good?, message): called when the verdict of a probe may have changed, and for each failure
OnResult = Callable[[str, HandlerResult, bool], None]


class Prober:
    """The probes of one container run."""

    def __init__(
        self, container: Object, started: float, *, clock: Clock, pool: ThreadPoolExecutor,
        perform: Callable[[Object, float], HandlerResult], on_result: OnResult,
    ) -> None:  # fmt: skip
        self._container, self._started, self._clock, self._pool = container, started, clock, pool
        self._perform, self._on_result = perform, on_result
        self._alarms: dict[str, Alarm] = {}
        self._counts: dict[str, tuple[bool, int]] = {}
        self._stopped = False

    def start(self) -> None:
        if self._container.get("startupProbe"):
            self._plan("startup")
        else:
            self.go_on()

    def go_on(self) -> None:
        """Startup is over."""
        for kind in ("liveness", "readiness"):
            if self._container.get(f"{kind}Probe"):
                self._plan(kind)

    def stop(self) -> None:
        self._stopped = True
        for alarm in self._alarms.values():
            alarm.cancel()

    def _plan(self, kind: str, *, again: bool = False) -> None:
        probe = self._container[f"{kind}Probe"]
        if self._stopped:
            return
        if again:
            moment = time.time() + probe.get("periodSeconds", 10)
        else:
            moment = max(time.time(), self._started + probe.get("initialDelaySeconds", 0))
        self._alarms[kind] = self._clock.at(moment, lambda: self._submit(kind))

    def _submit(self, kind: str) -> None:
        if not self._stopped:
            self._pool.submit(self._run, kind)

    def _run(self, kind: str) -> None:
        try:
            probe = self._container[f"{kind}Probe"]
            outcome = self._perform(probe, probe.get("timeoutSeconds", 1))
            if self._stopped:
                return
            was, count = self._counts.get(kind, (outcome.ok, 0))
            count = count + 1 if was == outcome.ok else 1
            self._counts[kind] = outcome.ok, count
            enough = count >= (probe.get("successThreshold", 1) if outcome.ok else probe.get("failureThreshold", 3))
            self._on_result(kind, outcome, enough)
            if kind == "startup" and outcome.ok and enough:
                self.go_on()
            elif not (kind in ("startup", "liveness") and not outcome.ok and enough):
                self._plan(kind, again=True)
        except Exception:
            log.exception("node: a %s probe failed in itself", kind)
            self._plan(kind, again=True)
