"""Stops a pod's containers: preStop, TERM, KILL, sidecars last; a grace period that is shortened meanwhile counts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from sampan.contracts.kinds import Object
from sampan_node.clock import Alarm
from sampan_node.host import Host
from sampan_node.pod.handlers import HandlerResult
from sampan_podspec.containers import is_sidecar, walk
from sampan_runtime.contracts import Container, RuntimeFailure

log = logging.getLogger(__name__)

LEAST_GRACE = 2  # seconds that a container has after a preStop hook used up its grace

#: (handler, container, container id, timeout) -> how it went
Perform = Callable[[Object, Object, str, float], HandlerResult]


class Stopper:
    def __init__(self, host: Host, perform: Perform) -> None:
        self._host, self._perform = host, perform
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}  # container id -> when it is killed at the latest, by time.time()
        self._alarms: dict[str, Alarm] = {}
        self._latest = float(
            "inf"
        )  # a shorter grace given later, as a moment: it counts for what is stopped after, too

    def stop_all(self, pod: Object, running: list[Container], grace: int) -> None:
        """Stop main containers together, then sidecars in the reverse order of their start; returns when all have
        ended."""
        sidecars = [one["name"] for one in pod["spec"].get("initContainers") or () if is_sidecar(one)]
        end = time.monotonic() + grace
        self._together(pod, [one for one in running if one.name not in sidecars], grace)
        for name in reversed(sidecars):
            left = max(min(grace, LEAST_GRACE), int(end - time.monotonic()))
            self._together(pod, [one for one in running if one.name == name], left)

    def _together(self, pod: Object, containers: list[Container], grace: int) -> None:
        waits: list[Future[None]] = []
        for one in containers:
            self._host.tell(pod, "Normal", "Killing", f"Stopping container {one.name}", container=one.name)
            done: Future[None] = Future()
            threading.Thread(target=self._stop_into, args=(done, pod, one, grace), daemon=True).start()
            waits.append(done)
        for done in waits:
            done.result()

    def _stop_into(self, done: Future[None], pod: Object, one: Container, grace: int) -> None:
        try:
            self.stop(pod, one.id, one.name, grace)
            done.set_result(None)
        except BaseException as error:
            done.set_exception(error)

    def stop(self, pod: Object, identifier: str, name: str, grace: int) -> None:
        """preStop within the grace, then TERM, then KILL."""
        container = next((one for _, one in walk(pod["spec"]) if one["name"] == name), {})
        hook = (container.get("lifecycle") or {}).get("preStop")
        begin = time.monotonic()
        grace = min(grace, max(0, int(min(self._latest - time.time(), 1e9))))
        with self._lock:
            self._ends[identifier] = time.time() + grace
        try:
            if hook and grace > 0:
                outcome = self._perform(hook, container, identifier, grace)
                if not outcome.ok:
                    log.info("node: preStop of container %s failed: %s", name, outcome.message)
                    self._host.tell(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", container=name)
                grace = max(LEAST_GRACE, grace - int(time.monotonic() - begin))
            self._host.runtime.stop_container(identifier, grace)
        finally:
            with self._lock:
                self._ends.pop(identifier, None)
                alarm = self._alarms.pop(identifier, None)
            if alarm is not None:
                alarm.cancel()

    def hurry(self, grace: int) -> None:
        """Shorten the grace period of what is being stopped to so many seconds from now."""
        end = time.time() + grace
        with self._lock:
            self._latest = min(self._latest, end)
            for identifier, planned in self._ends.items():
                if planned > end + 0.5:
                    self._ends[identifier] = end
                    if identifier in self._alarms:
                        self._alarms[identifier].cancel()
                    self._alarms[identifier] = self._host.clock.at(end, partial(self.begin, identifier, 0))

    def begin(self, identifier: str, grace: int) -> None:
        """Stop one container without its hook, and without waiting."""
        threading.Thread(target=self._stop_quietly, args=(identifier, grace), daemon=True).start()

    def _stop_quietly(self, identifier: str, grace: int) -> None:
        try:
            self._host.runtime.stop_container(identifier, grace)
        except (RuntimeFailure, OSError) as error:
            log.debug("node: stopping container %s: %s", identifier[:12], error)
