"""Keeps this node from running out of memory and disk: removes unused images, then evicts one pod at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_node.api import metrics
from sampan_node.housekeeping import pressure, ranking
from sampan_node.housekeeping.pressure import Level, PressureMemory
from sampan_node.housekeeping.ranking import Use
from sampan_node.housekeeping.thresholds import DISK, SIGNALS, Threshold
from sampan_node.volumes import ephemeral

log = logging.getLogger(__name__)

CLEANED_UP_WITHIN = 30.0  # seconds that an evicted pod is waited for until the next one may go


class Evictor:
    """``agent`` offers workers() and host; ``look`` is called with the node's heartbeat."""

    def __init__(
        self, agent: Any, settings: Any, *, measure: Any = pressure.measure, clock: Callable[[], float] = time.time
    ) -> None:
        self._agent, self._host, self._settings = agent, agent.host, settings
        self._measure, self._clock = measure, clock
        self._thresholds = settings.thresholds()
        self._memory = PressureMemory()
        self._evicted: Any = None  # the worker of the pod that was evicted last
        self._evicted_at = 0.0

    def look(self) -> frozenset[str]:
        """The conditions that hold now, or held last where the runtime does not answer: the heartbeat goes on."""
        try:
            return self._look(self._clock())
        except (SampanError, OSError) as error:
            log.warning("node: cannot keep memory and disk free: %s", error)
            return pressure.standing(self._memory, self._clock(), self._settings.pressure_transition)

    def _look(self, now: float) -> frozenset[str]:
        levels = self._measure(self._host.home)
        self._clean(levels["nodefs.available"])
        found = pressure.decide(
            self._thresholds, levels, self._memory, now, transition=self._settings.pressure_transition
        )
        self._host.admission.conditions = found.conditions
        if found.due and not self._is_ending(now):
            self._reclaim(found.due, levels, now)
        return found.conditions

    def _clean(self, level: Level) -> None:
        """Remove images while more of the disk is used than the setting says."""
        high = self._settings.image_gc_high_percent
        if high and _percent(level) > high:
            self._remove_images(self._has_room)

    def _remove_images(self, is_enough: Callable[[], bool]) -> None:
        gone = self._host.images.collect(self._host.runtime, is_enough)
        if gone:
            log.info("node: removed images that nothing uses: %s", ", ".join(gone))

    def _has_room(self) -> bool:
        level = self._measure(self._host.home)["nodefs.available"]
        return _percent(level) <= float(self._settings.image_gc_low_percent)

    def _is_ending(self, now: float) -> bool:
        """Whether the pod that was evicted last still runs: what it uses is given back by its end, so no other pod has
        to go before."""
        if self._evicted is None:
            return False
        if now - self._evicted_at < CLEANED_UP_WITHIN and not self._evicted.is_stopped():
            return True
        self._evicted = None
        return False

    def _reclaim(self, due: tuple[Threshold, ...], levels: Mapping[str, Level], now: float) -> None:
        """Remove images where that can help, and else evict one pod."""
        meaning = SIGNALS[due[0].signal]
        node: Object = {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": self._host.name, "uid": self._host.name},
        }
        self._host.events.event(node, "Warning", "EvictionThresholdMet", f"Attempting to reclaim {meaning.resource}")
        if meaning.condition == DISK:
            self._remove_images(lambda: False)
            levels = self._measure(self._host.home)
            if not pressure.met(self._thresholds, levels, reclaim=True):
                return
        workers = {one.pod["metadata"]["uid"]: one for one in self._agent.workers() if one.holds_room()}
        uses = self._uses(meaning.resource, workers)
        for pod in ranking.ranked((one.pod for one in workers.values()), meaning.resource, uses)[:1]:
            uid = pod["metadata"]["uid"]
            seconds = ranking.grace(pod, due[0], self._settings.evictionMaxPodGracePeriod)
            text = ranking.message(pod, due, levels, uses.get(uid, Use()))
            self._evicted, self._evicted_at = workers[uid], now
            workers[uid].evict(text, seconds, disrupted=True)
            workers[uid].poke()

    def _uses(self, resource: str, workers: Mapping[str, Any]) -> dict[str, Use]:
        """What each pod uses, by uid."""
        if resource == "memory":
            found: dict[str, dict[str, int]] = {}
            for one in metrics.uses(self._agent):
                found.setdefault(one.reference["uid"], {})[one.container] = one.memory
            return {uid: Use(sum(each.values()), each) for uid, each in found.items()}
        if resource == "pids":
            return {}
        count = ephemeral.used if resource == "ephemeral-storage" else ephemeral.entries
        return {
            uid: Use(count(worker.folder / "volumes" / "emptyDir"))
            for uid, worker in workers.items() if worker.pod["spec"].get("volumes")
        }  # fmt: skip


def _percent(level: Level) -> float:
    return 100.0 * (level.total - level.available) / level.total if level.total else 0.0
