"""Where extenders come into the scheduler's work: between two decisions about a pod, before a preemption, and in place
of a binding. Asks without the scheduler's lock, and takes it to use what was answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan_scheduler.binding import Binder
from sampan_scheduler.decisions import CycleResult
from sampan_scheduler.extenders.asking import STATE, Answers, Extenders
from sampan_scheduler.extenders.calls import ExtenderFailed, Victims
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.preempting import Preemptor
from sampan_scheduler.preemption import PreemptionResult, best
from sampan_scheduler.queue import Queue
from sampan_scheduling.contracts import NodeView, State

ERROR = "SchedulerError"  # the reason in the pod's condition where an extender failed
NONE_LEFT = "extenders left no node to clear"


class Extending:
    """All methods but those that threads of ``extenders`` call expect the scheduler's ``lock`` to be held."""

    def __init__(
        self, extenders: Extenders, *, queue: Queue, cluster: Cluster, preemptor: Preemptor, binder: Binder,
        lock: threading.Lock, wake: Callable[[], None],
    ) -> None:  # fmt: skip
        self._extenders, self._queue, self._cluster = extenders, queue, cluster
        self._preemptor, self._binder, self._lock, self._wake = preemptor, binder, lock, wake
        self._asking: dict[str, Any] = {}  # by uid: what the extenders are asked now
        self._answered: dict[str, tuple[PodInfo, Answers]] = {}
        binder.elsewhere = self._binds

    def close(self) -> None:
        self._extenders.close()

    def forget(self, uid: str) -> None:
        self._asking.pop(uid, None)
        self._answered.pop(uid, None)

    # decisions

    def begin(self, info: PodInfo, state: State) -> None:
        """What the extenders have answered about the pod goes into a new cycle, unless the pod has changed since."""
        self._asking.pop(info.uid, None)
        found = self._answered.pop(info.uid, None)
        if found is not None and _shown(found[0].object) == _shown(info.object):
            state[STATE] = found[1]

    def holds(self, info: PodInfo, state: State, outcome: CycleResult) -> bool:
        """Whether the extenders have to be asked before this outcome counts; they are being asked then."""
        if (wanted := self._extenders.wanted(state)) is not None:
            self._asking[info.uid] = wanted
            self._extenders.submit(info.object, partial(self._ask, info, wanted))
            return True
        answers: Answers | None = state.get(STATE)
        if answers is None or not answers.missed or outcome.decision.node:
            return False
        self._queue.again(info.uid)  # a node that came meanwhile may do
        return True

    def _ask(self, info: PodInfo, answers: Answers) -> None:
        why = self._extenders.ask(info.object, answers)
        with self._lock:
            if not self._is_current(info, answers):
                return
            if why:
                self._queue.retry(info.uid)
            else:
                self._answered[info.uid] = info, answers
                self._queue.again(info.uid)
        if why:
            self._binder.submit(partial(self._binder.report, info, why, PreemptionResult(), ERROR))
        self._wake()

    def _is_current(self, info: PodInfo, asked: Any) -> bool:
        """Whether that is still the question, and the pod still waits. It is no question any more afterwards."""
        if self._asking.get(info.uid) is not asked:
            return False
        del self._asking[info.uid]
        return info.uid in self._queue

    # preemption

    def chooses(self, info: PodInfo, room: PreemptionResult, message: str) -> bool:
        """Whether extenders have a say in whom to preempt; they are being asked then, and do the rest."""
        if not room.candidates or not self._extenders.preempting(info.object):
            return False
        asked = {
            each.node: Victims(tuple(victim.object for victim in each.victims), each.violations)
            for each in room.candidates
        }
        present = {
            name: {uid: member.object for uid, member in self._cluster.by_name[name].members.items()} for name in asked
        }
        self._asking[info.uid] = asked
        self._extenders.submit(info.object, partial(self._preempt, info, asked, present, message))
        return True

    def _preempt(
        self, info: PodInfo, asked: Mapping[str, Victims], present: Mapping[str, Mapping[str, Object]], message: str
    ) -> None:
        try:
            chosen, why = self._extenders.preempt(info.object, asked, present), NONE_LEFT
        except ExtenderFailed as error:
            chosen, why = {}, str(error)
        with self._lock:
            if not self._is_current(info, asked):
                return
            found = [room for node, each in chosen.items() if (room := self._room(node, each)) is not None]
            room = best(found) if found else PreemptionResult(why=why)
            self._preemptor.take(info, room, self._binder)
        self._binder.submit(partial(self._binder.report, info, message, room))

    def _room(self, node: str, chosen: Victims) -> PreemptionResult | None:
        """None: what is there has changed meanwhile."""
        known = self._cluster.by_name.get(node)
        members = [known.members.get(each["metadata"]["uid"]) for each in chosen.pods] if known is not None else [None]
        victims = tuple(each for each in members if each is not None)
        return PreemptionResult(node, victims, violations=chosen.violations) if len(victims) == len(members) else None

    # binding

    def _binds(self, info: PodInfo, node: NodeView, write: Callable[[Callable[[], None]], None]) -> bool:
        """Whether an extender binds the pod: ``write`` is given what does it, on a thread that may block. Called
        without the lock."""
        asker = self._extenders.binder_of(info.object)
        if asker is None:
            return False
        self._extenders.submit(info.object, partial(write, partial(asker.bind, info.object, node.name)))
        return True


def _shown(pod: Object) -> tuple[Any, ...]:
    """What of a pod extenders may judge by."""
    meta = pod["metadata"]
    return pod["spec"], meta.get("labels") or {}, meta.get("annotations") or {}
