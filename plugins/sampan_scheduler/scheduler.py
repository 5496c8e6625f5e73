"""The scheduler's loop: receives nodes and pods from informers, decides on one thread, and hands bindings to other
threads (binding.py)."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan_client import Client
from sampan_machinery.selectors import Selector
from sampan_scheduler.binding import Binder, EventRecorder
from sampan_scheduler.cycle import Cycle, own_rules
from sampan_scheduler.decisions import CycleResult, Decision
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo, read_pod
from sampan_scheduler.preemption import PreemptionResult, make_room
from sampan_scheduler.queue import Queue
from sampan_scheduler.resources import DEFAULT_NAME
from sampan_scheduling.contracts import State

log = logging.getLogger(__name__)

REMEMBERED = 1000  # decisions kept for explaining
ENDED = ("Succeeded", "Failed")
EXPIRY = 30.0  # seconds after a written binding until we look whether it is really there


@dataclass
class AssumedPod:
    """A pod that is assigned to a node here and that no watch has shown there yet."""

    info: PodInfo
    written: float | None = None  # when the binding was


class Scheduler:
    """Puts pods on nodes. ``namespaces(selector)`` names the namespaces that match."""

    def __init__(
        self,
        client: Client,
        events: EventRecorder,
        *,
        names: Sequence[str],
        namespaces: Callable[[Selector], frozenset[str]],
        third_party: Sequence[Any] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = frozenset(names)
        self._namespaces = namespaces
        self._clock = clock
        self._cluster = Cluster()
        self._cycle = Cycle(self._cluster, own_rules(), third_party)
        self._third_party = self._cycle.third_party
        self._queue = Queue(clock, self._third_party.sorter())
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._assumed: dict[str, AssumedPod] = {}
        self._leaving: dict[str, set[str]] = {}  # pod → victims that were asked to go for it
        self._refused: dict[bytes, int] = {}  # kind of pod → moment at which no node would do
        self._decisions: deque[Decision] = deque(maxlen=REMEMBERED)
        self.binder = Binder(client, events, self._third_party, bound=self._bound, unbound=self._unbound)

    def explain(self, pod: str = "") -> list[dict[str, Any]]:
        """The last decisions about a pod (namespace/name; "" for all), oldest first, as JSON."""
        with self._lock:
            return [decision.explained() for decision in self._decisions if pod in ("", decision.pod)]

    def node_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        if old is not None and new is not None and not _matters(old, new):
            return
        with self._lock:
            if new is None:
                assert old is not None
                self._cluster.drop_node(old["metadata"]["name"])
                self._queue.wake(lambda info: bool(info.spread))  # a domain less may be what they wait for
            else:
                self._cluster.set_node(new)
                self._wake_for(self._cluster.by_name[new["metadata"]["name"]])
        self._wake.set()

    def pod_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        with self._lock:
            pod = new or old
            assert pod is not None
            uid = pod["metadata"]["uid"]
            if new is None or (new.get("status") or {}).get("phase") in ENDED:
                self._gone(uid)
            elif new["spec"].get("nodeName"):
                self._placed(uid, new)
            elif uid in self._assumed:
                return
            elif self._is_ours(new):
                self._waits(uid, new)
            else:
                self._forget(uid)
        self._wake.set()

    def _gone(self, uid: str) -> None:
        node = self._cluster.where.get(uid)
        self._forget(uid)
        self._assumed.pop(uid, None)
        if node is None:
            self._cluster.remove_pod(uid)
            return
        held = bool(node.members[uid].anti_affinity)
        self._cluster.remove_pod(uid)
        if held:
            self._queue.wake(lambda info: True)  # it kept others from more nodes than its own
        self._wake_for(node)

    def _forget(self, uid: str) -> None:
        self._queue.drop(uid)
        self._leaving.pop(uid, None)
        if self._cluster.nominated:
            self._cluster.unnominate(uid)

    def _placed(self, uid: str, pod: Object) -> None:
        self._forget(uid)
        assumed = self._assumed.pop(uid, None)
        node = self._cluster.where.get(uid)
        name = pod["spec"]["nodeName"]
        if node is not None and node.name == name and (assumed or _same(node.members[uid].object, pod)):
            return
        info = read_pod(pod, self._namespaces)
        self._cluster.add_pod(info, name)
        self._wake_near(info)
        if node is not None:
            self._wake_for(node)

    def _waits(self, uid: str, pod: Object) -> None:
        info = read_pod(pod, self._namespaces)
        self._queue.put(info)
        wanted = (pod.get("status") or {}).get("nominatedNodeName")
        if wanted and not self._cluster.nomination(uid):
            self._cluster.nominate(info, wanted)  # by the former leader

    def _is_ours(self, pod: Object) -> bool:
        spec = pod["spec"]
        if spec.get("schedulingGates") or pod["metadata"].get("deletionTimestamp"):
            return False
        return (spec.get("schedulerName") or DEFAULT_NAME) in self._names

    def _wake_for(self, node: NodeInfo) -> None:
        """Pods that this node alone does not speak against any more, or whose rules look at several nodes."""
        sure = not self._third_party.filters
        self._queue.wake(lambda info: _looks_around(info) or self._cycle.may_help(info, node), surely=sure)

    def _wake_near(self, placed: PodInfo) -> None:
        """Pods that want to be near what has just been placed, or count it."""

        def cares(info: PodInfo) -> bool:
            near = any(term.matches(placed.namespace, placed.labels) for term in info.affinity)
            return near or any(each.hard and each.selector.matches(placed.labels) for each in info.spread)

        self._queue.wake(cares)

    def run(self, stop: threading.Event) -> None:
        """Decide until stopped."""
        self.binder.start()
        threading.Thread(target=self._wake_at, args=(stop,), daemon=True).start()
        while not stop.is_set():
            self._wake.clear()
            if not self.schedule_one():
                self._wake.wait(self.pause())
        self.binder.close()

    def _wake_at(self, stop: threading.Event) -> None:
        stop.wait()
        self._wake.set()

    def pause(self) -> float | None:
        """Seconds until a pod may be tried again; None: only after a change."""
        with self._lock:
            self.look_after_assumed()
            pause = self._queue.next_time()
            return min(EXPIRY, EXPIRY if pause is None else pause) if self._assumed else pause

    def look_after_assumed(self) -> None:
        """Read pods whose binding was written long ago but not seen by the informer."""
        now = self._clock()
        for assumed in self._assumed.values():
            if assumed.written is not None and now - assumed.written >= EXPIRY:
                assumed.written = now
                self.binder.submit(partial(self.binder.look, assumed.info, self.pod_changed))

    def schedule_one(self) -> bool:
        """One cycle; False when no pod may be tried now."""
        with self._lock:
            info = self._queue.pop()
            if info is None:
                return False
            try:
                self._attempt(info)
            except Exception:
                log.exception("deciding about pod %s failed", info.ref)
                self._queue.retry(info.uid)
            self._cluster.trim()
            if len(self._refused) > REMEMBERED:
                self._refused.clear()
        return True

    def _attempt(self, info: PodInfo) -> None:
        if self._refused.get(info.signature) == self._cluster.moment and self._queue.has_failed(info.uid):
            self._queue.failed(info.uid)  # one of its kind has just been refused and nothing has changed since
            return
        state: State = {}
        outcome = self._cycle.decide(info, state)
        decision = outcome.decision
        self._decisions.append(decision)
        if not decision.node:
            self._queue.failed(info.uid)
            room = self._make_room(info, outcome, state)
            if not room.node and not self._third_party.asked:
                self._refused[info.signature] = self._cluster.moment
            self.binder.submit(partial(self.binder.report, info, decision.message(), room))
            return
        node = self._cluster.by_name[decision.node]
        self._cluster.add_pod(info, node.name)
        failed = self._third_party.reserve(state, info.object, node)
        if failed:
            self._cluster.remove_pod(info.uid)
            self._queue.retry(info.uid)
            message = f"plugin {failed} could not reserve on node {node.name}"
            self.binder.submit(partial(self.binder.report, info, message, PreemptionResult()))
            return
        self._assumed[info.uid] = AssumedPod(info)
        self._forget(info.uid)
        self._wake_near(info)
        self.binder.submit(partial(self.binder.bind, info, node, state))

    def _make_room(self, info: PodInfo, outcome: CycleResult, state: State) -> PreemptionResult:
        if not outcome.decision.total:
            return PreemptionResult()
        self._leaving[info.uid] = {uid for uid in self._leaving.get(info.uid, ()) if uid in self._cluster.where}
        if self._leaving[info.uid]:
            return PreemptionResult(why="not eligible due to a terminating pod on the nominated node.")
        del self._leaving[info.uid]
        room = make_room(info, self._cluster, outcome.refused, lambda pod, node: self._cycle.fits(pod, node, state))
        if not room.node:
            refused = {row: [verdict] for row, verdict in outcome.refused.items()}
            room = PreemptionResult(
                self._third_party.make_room(state, info.object, self._cluster, refused) or "", (), room.why
            )
        if not room.node:
            self._cluster.unnominate(info.uid)
            return room
        self._cluster.nominate(info, room.node)
        self._leaving[info.uid] = leaving = {victim.uid for victim in room.victims}
        for victim in room.victims:
            if not victim.object["metadata"].get("deletionTimestamp"):
                failed = partial(leaving.discard, victim.uid)
                self.binder.submit(partial(self.binder.evict, victim, info, room.node, failed))
        return room

    def _bound(self, info: PodInfo) -> None:
        with self._lock:
            if info.uid in self._assumed:
                self._assumed[info.uid].written = self._clock()

    def _unbound(self, info: PodInfo, state: State, again: bool) -> None:
        with self._lock:
            if self._assumed.pop(info.uid, None) is None:
                return
            node = self._cluster.where.get(info.uid)
            self._cluster.remove_pod(info.uid)
            if node is not None:
                self._third_party.unreserve(state, info.object, node)
                self._wake_for(node)
            if again:
                self._queue.put(info)
                self._queue.retry(info.uid)
        self._wake.set()


def _looks_around(info: PodInfo) -> bool:
    return bool(info.affinity or info.anti_affinity) or any(each.hard for each in info.spread)


def _same(known: Object, pod: Object) -> bool:
    """Whether nothing that rules read differs."""
    a, b = known["metadata"], pod["metadata"]
    if bool(a.get("deletionTimestamp")) != bool(b.get("deletionTimestamp")):
        return False
    return (a.get("labels") or {}) == (b.get("labels") or {}) and known["spec"] == pod["spec"]


def _matters(old: Object, new: Object) -> bool:
    """Whether a Node changed in something that rules read; heartbeats do not count."""

    def relevant(node: Object) -> tuple[Any, ...]:
        status = node.get("status") or {}
        return node["metadata"].get("labels"), node.get("spec"), status.get("allocatable")

    return relevant(old) != relevant(new)
