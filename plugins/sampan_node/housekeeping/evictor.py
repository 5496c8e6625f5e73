"""Keeps this node from running out of memory and disk: removes unused images, then evicts one pod at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_node.api import metrics
from sampan_node.housekeeping import pressure
from sampan_node.housekeeping.pressure import DISK, MEMORY, Level
from sampan_node.volumes import ephemeral

log = logging.getLogger(__name__)


class Evictor:
    """``agent`` offers workers() and host; ``look`` is called with the node's heartbeat."""

    def __init__(self, agent: Any, settings: Any, *, measure: Any = pressure.measure) -> None:
        self._agent, self._host, self._settings, self._measure = agent, agent.host, settings, measure
        self._seen: dict[str, float] = {}

    def look(self) -> frozenset[str]:
        """The conditions that hold now, or held last where the runtime does not answer: the heartbeat goes on."""
        try:
            return self._look()
        except (SampanError, OSError) as error:
            log.warning("node: cannot keep memory and disk free: %s", error)
            return pressure.standing(time.time(), self._seen)

    def _look(self) -> frozenset[str]:
        levels = self._measure(self._host.home)
        if DISK in levels:
            self._clean(levels[DISK])
        limits = pressure.Limits(
            pressure.limit(self._settings.evict_below_memory, levels[MEMORY].total),
            pressure.limit(self._settings.evict_below_disk, levels[DISK].total),
            pressure.limit(self._settings.evict_below_pids, levels[pressure.PIDS].total),
        )
        low = pressure.below(levels, limits)
        self._seen.update(dict.fromkeys(low, time.time()))
        self._host.admission.conditions = found = pressure.standing(time.time(), self._seen)
        for name in (MEMORY, DISK):
            if name in low:
                self._evict(name, low[name], levels[name])
                break
        return found

    def _clean(self, level: Level) -> None:
        """Remove images while more of the disk is used than the setting says."""
        high = self._settings.image_gc_high_percent
        if high and _percent(level) > high:
            gone = self._host.images.collect(self._host.runtime, self._has_room)
            if gone:
                log.info("node: removed images that nothing uses: %s", ", ".join(gone))

    def _has_room(self) -> bool:
        return _percent(self._measure(self._host.home)[DISK]) <= float(self._settings.image_gc_low_percent)

    def _evict(self, condition: str, low: int, level: Level) -> None:
        workers = {one.pod["metadata"]["uid"]: one for one in self._agent.workers() if one.holds_room()}
        use = self._uses(condition, workers)
        chosen = pressure.first(
            [one.pod for one in workers.values()], condition, lambda pod: use.get(pod["metadata"]["uid"], 0)
        )
        if chosen is None:
            return
        uid = chosen["metadata"]["uid"]
        workers[uid].evict(pressure.message(chosen, condition, low, level, use.get(uid, 0)))
        workers[uid].poke()

    def _uses(self, condition: str, workers: Mapping[str, Any]) -> dict[str, int]:
        """Bytes that each pod uses, by uid."""
        found: dict[str, int] = {}
        if condition == MEMORY:
            for one in metrics.uses(self._agent):
                found[one.reference["uid"]] = found.get(one.reference["uid"], 0) + one.memory
            return found
        for uid, worker in workers.items():
            pod: Object = worker.pod
            if pod["spec"].get("volumes"):
                found[uid] = ephemeral.used(worker.folder / "volumes" / "emptyDir")
        return found


def _percent(level: Level) -> float:
    return 100.0 * (level.total - level.available) / level.total if level.total else 0.0
