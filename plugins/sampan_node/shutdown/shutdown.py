"""Ends the pods of this node before the machine goes down, those of the lowest priority first.

Begins with SIGTERM of the node, for good: `sampan down`, or the machine's end. Where systemd runs, stopping or
restarting the service alone is no shutdown: then pods run on, as under a kubelet that is restarted.
Source: kubelet's node shutdown manager for the order, the events and the words.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_node.shutdown import periods
from sampan_node.shutdown.periods import ShutdownPeriod

log = logging.getLogger(__name__)

NOT_READY = "node is shutting down"
REASON, MESSAGE = "Terminated", "Pod was terminated in response to imminent node shutdown."
TOLD_WITHIN = 5.0  # seconds for the last statuses to reach the API
LOOK_EVERY = 0.2  # seconds between looks at a pod whose worker had nothing more to do and that still runs
SYSTEMD = Path("/run/systemd/system")  # exists while systemd is the machine's init. Source: sd_booted(3)


class NodeShutdown:
    """``agent`` offers workers() and host. ``tell(problem)`` writes the Node's condition Ready."""

    def __init__(
        self, agent: Any, planned: Sequence[ShutdownPeriod], *, tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._agent, self._host, self._planned = agent, agent.host, planned
        self._tell, self._clock, self._sleep = tell, clock, sleep

    def run(self) -> None:
        """Returns when all pods have ended, or their time is over."""
        self._host.admission.shuts_down()
        node: Object = {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": self._host.name, "uid": self._host.name},
        }
        self._host.events.event(node, "Normal", "NodeShutdown", "Shutdown manager detected shutdown event")
        threading.Thread(target=self._say_not_ready, name="node-shutdown", daemon=True).start()
        workers = {one.pod["metadata"]["uid"]: one for one in self._agent.workers() if one.is_active()}
        for period, pods in periods.grouped(self._planned, [one.pod for one in workers.values()]):
            ending = [workers[pod["metadata"]["uid"]] for pod in pods]
            for worker in ending:
                worker.shut_down(REASON, MESSAGE, periods.grace(worker.pod, period))
            left = self._wait(ending, self._clock() + period.seconds)
            log.info("node: shutdown: pods of priority %d and higher: %d ended, %d did not within %d s",
                     period.priority, len(ending) - len(left), len(left), period.seconds)  # fmt: skip
        end = self._clock() + TOLD_WITHIN
        for worker in workers.values():
            worker.join(max(0.0, end - self._clock()))

    def _wait(self, workers: list[Any], end: float) -> list[Any]:
        """Until they have stopped, or it is ``end``; those that have not."""
        while workers := [one for one in workers if not self._has_stopped(one)]:
            if (left := end - self._clock()) <= 0:
                break
            workers[0].join(left)  # its worker is idle once it has stopped the pod, or when that has to be tried again
            if not self._has_stopped(workers[0]):
                self._sleep(min(LOOK_EVERY, max(0.0, end - self._clock())))
        return workers

    def _has_stopped(self, worker: Any) -> bool:
        try:
            return bool(worker.is_stopped())
        except SampanError as error:  # the runtime ends, too, or does not answer for the moment
            log.debug("node: pods/%s: whether it has ended is not known: %s", worker.where(), error)
            return False

    def _say_not_ready(self) -> None:
        try:
            self._tell(NOT_READY)
        except (SampanError, OSError) as error:
            log.warning("node: the API could not be told of the shutdown: %s", error)


def machine_ends(systemd: Path = SYSTEMD, run: Callable[..., Any] = subprocess.run) -> bool:
    """Whether the machine goes down, as far as that can be known: where systemd does not run, SIGTERM means it."""
    if not systemd.is_dir():
        return True
    try:
        said = run(["systemctl", "is-system-running"], capture_output=True, text=True, timeout=5.0).stdout
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("node: systemd does not say whether the machine goes down (%s); pods run on", error)
        return False
    return bool(said.strip() == "stopping")
