"""Preemption's shell: decides who may preempt now, nominates nodes, and hands evictions to the binder."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

from sampan.contracts.kinds import Object
from sampan_scheduler.binding import Binder
from sampan_scheduler.cycle import Cycle
from sampan_scheduler.decisions import CycleResult
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.preemption import TERMINATING, PreemptionResult, make_room, read_budgets
from sampan_scheduling.contracts import State


class Preemptor:
    """Called under the scheduler's lock. ``budgets()`` lists all PodDisruptionBudgets; it is asked only when there are
    pods to choose from."""

    def __init__(self, cluster: Cluster, budgets: Callable[[], Sequence[Object]], rng: random.Random) -> None:
        self._cluster, self._budgets, self._rng = cluster, budgets, rng
        self._leaving: dict[str, set[str]] = {}  # pod → victims that were asked to go for it

    def forget(self, uid: str) -> None:
        self._leaving.pop(uid, None)

    def find(self, info: PodInfo, outcome: CycleResult, state: State, cycle: Cycle) -> PreemptionResult:
        """The node to nominate and its victims, where that helps. Changes nothing but nominations that have ended."""
        cluster = self._cluster
        if not outcome.decision.total:
            return PreemptionResult()
        leaving = {uid for uid in self._leaving.pop(info.uid, ()) if uid in cluster.where}
        if leaving:
            self._leaving[info.uid] = leaving
            return PreemptionResult(why=TERMINATING, keeps=True)
        room = PreemptionResult()
        if cycle.profile.preempts:
            room = make_room(
                info, cluster, outcome.refused, lambda pod, node: cycle.fits(pod, node, state),
                budgets=lambda: read_budgets(self._budgets()), candidates=cycle.profile.candidates, rng=self._rng,
            )  # fmt: skip
        if room.keeps:
            return room
        if not room.node:
            refused = {row: [verdict] for row, verdict in outcome.refused.items()}
            third_party = cycle.third_party.of(info.object)
            room = room._replace(node=third_party.make_room(state, info.object, cluster, refused) or "")
        if not room.node:
            cluster.unnominate(info.uid)
        return room

    def take(self, info: PodInfo, room: PreemptionResult, binder: Binder) -> None:
        """Nominate the node and ask for the eviction of its victims."""
        if not room.node or room.keeps:
            return
        for other in list(self._cluster.nominated.get(room.node, {}).values()):
            if other.priority < info.priority and other.uid != info.uid:
                self._cluster.unnominate(other.uid)  # it would not fit any more, and may find another node
                binder.submit(partial(binder.clear_nomination, other))
        self._cluster.nominate(info, room.node)
        self._leaving[info.uid] = leaving = {victim.uid for victim in room.victims}
        for victim in room.victims:
            if not victim.terminating:
                failed = partial(leaving.discard, victim.uid)
                binder.submit(partial(binder.evict, victim, info, room.node, failed))
