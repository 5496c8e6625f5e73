"""The scheduler's loop: receives nodes and pods from informers, decides on one thread, and hands bindings to other
threads (binding.py)."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sampan.contracts.kinds import Object
from sampan_client import Client
from sampan_machinery.selectors import Selector
from sampan_scheduler.binding import Binder, EventRecorder
from sampan_scheduler.configuration.reading import Configuration
from sampan_scheduler.cycle import Cycle
from sampan_scheduler.decisions import Decision
from sampan_scheduler.hints import (
    NEAR,
    Refused,
    after_node,
    after_node_gone,
    after_pod_gone,
    after_pod_placed,
    node_changes,
)
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import SYSTEM_DEFAULTS, PodInfo, read_pod
from sampan_scheduler.preempting import Preemptor
from sampan_scheduler.preemption import PreemptionResult
from sampan_scheduler.queue import Queue
from sampan_scheduler.resources import DEFAULT_NAME
from sampan_scheduler.third_party import ThirdParty
from sampan_scheduling.contracts import UNCHECKED, NodeView, State

if TYPE_CHECKING:
    from sampan_scheduler.extenders.asking import Extenders
    from sampan_scheduler.extenders.extending import Extending

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
    """Puts pods on nodes. ``namespaces(selector)`` names the namespaces that match; ``budgets()`` lists all
    PodDisruptionBudgets, and is asked only when a pod may preempt others."""

    def __init__(
        self,
        client: Client,
        events: EventRecorder,
        *,
        configuration: Configuration,
        namespaces: Callable[[Selector], frozenset[str]],
        budgets: Callable[[], Sequence[Object]] = tuple,
        third_party: Sequence[Any] = (),
        extenders: Extenders | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._namespaces = namespaces
        self._clock = clock
        self._cluster = Cluster()
        rules = extenders.rules if extenders is not None else ()
        rng = rng or random.Random(random.getrandbits(64))  # a simulation seeds the process's source
        self._cycles = {
            profile.name: Cycle(self._cluster, profile, third_party, rng, extenders=rules)
            for profile in configuration.profiles
        }
        self._third_party = ThirdParty(third_party)
        self._queue = Queue(
            clock, self._third_party.sorter(), first_pause=configuration.first_pause,
            longest_pause=configuration.longest_pause,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._assumed: dict[str, AssumedPod] = {}
        self._refused: dict[bytes, tuple[int, frozenset[str]]] = {}  # kind of pod → moment and plugins that refused it
        self._decisions: deque[Decision] = deque(maxlen=REMEMBERED)
        self.client = client
        self.binder = Binder(
            client, events, self._plugins_for, bound=self._bound, unbound=self._unbound, wanted=self._is_assumed
        )
        self._preemptor = Preemptor(self._cluster, budgets, rng)
        self._extending = self._extend(extenders) if extenders is not None else None

    def _extend(self, extenders: Extenders) -> Extending:
        from sampan_scheduler.extenders.extending import Extending  # with the client of webhooks, that few need

        return Extending(
            extenders, queue=self._queue, cluster=self._cluster, preemptor=self._preemptor, binder=self.binder,
            lock=self._lock, wake=self._wake.set,
        )  # fmt: skip

    def _plugins_for(self, pod: Object) -> ThirdParty:
        """Plugins of others that take part for this pod."""
        return self._cycle(pod).third_party.of(pod)

    def _cycle(self, pod: Object) -> Cycle:
        return self._cycles[pod["spec"].get("schedulerName") or DEFAULT_NAME]

    def _read(self, pod: Object) -> PodInfo:
        """Pods of other schedulers too, when they stand on a node."""
        cycle = self._cycles.get(pod["spec"].get("schedulerName") or DEFAULT_NAME)
        return read_pod(pod, self._namespaces, cycle.profile.spread if cycle is not None else SYSTEM_DEFAULTS)

    def wake(self, may_help: Callable[[Object], bool]) -> None:
        """For plugins: see SchedulerHandle."""
        with self._lock:
            self._queue.wake(lambda waits: may_help(waits.info.object))
        self._wake.set()

    def ask_again(self, uid: str) -> None:
        """For plugins: see SchedulerHandle."""
        self.binder.ask_again(uid)

    def submit(self, job: Callable[[], None]) -> None:
        """For plugins: see SchedulerHandle."""
        self.binder.submit(job)

    def explain(self, pod: str = "") -> list[dict[str, Any]]:
        """The last decisions about a pod (namespace/name; "" for all), oldest first, as JSON."""
        with self._lock:
            return [decision.explained() for decision in self._decisions if pod in ("", decision.pod)]

    def node_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        changes = node_changes(old, new) if new is not None else frozenset()
        if new is not None and not changes:
            return
        with self._lock:
            if new is None:
                assert old is not None
                self._cluster.drop_node(old["metadata"]["name"])
                self._queue.wake(after_node_gone)
            else:
                self._cluster.set_node(new)
                node = self._cluster.by_name[new["metadata"]["name"]]
                self._wake_up(lambda waits: after_node(waits, node, changes, self._passes))
        self._wake.set()

    def namespace_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler: terms that choose namespaces by label may choose others now."""
        if old is not None and new is not None and _labels(old) == _labels(new):
            return
        with self._lock:
            moved = [self._cluster.where[uid] for uid in self._cluster.selecting]
            for uid, node in zip(list(self._cluster.selecting), moved, strict=True):
                self._cluster.add_pod(self._read(node.members[uid].object), node.name)
            for info in [each for each in self._queue if each.names_namespaces]:
                self._queue.drop(info.uid)
                self._queue.put(self._read(info.object))
            if moved:
                self._queue.wake(lambda waits: NEAR in waits.plugins)
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
        info = node.members[uid] if node is not None else None
        self._cluster.remove_pod(uid)
        if node is not None and info is not None:
            self._wake_after(info, node)

    def _forget(self, uid: str) -> None:
        self._queue.drop(uid)
        self._preemptor.forget(uid)
        if self._extending is not None:
            self._extending.forget(uid)
        kept = self._cluster.nomination(uid) if self._cluster.nominated else ""
        if kept:
            info, node = self._cluster.nominated[kept][uid], self._cluster.by_name.get(kept)
            self._cluster.unnominate(uid)
            if node is not None:
                self._wake_after(info, node)

    def _placed(self, uid: str, pod: Object) -> None:
        self._forget(uid)
        assumed = self._assumed.pop(uid, None)
        node = self._cluster.where.get(uid)
        name = pod["spec"]["nodeName"]
        if node is not None and node.name == name and (assumed or _same(node.members[uid].object, pod)):
            return
        before = node.members[uid] if node is not None else None
        info = self._read(pod)
        self._cluster.add_pod(info, name)
        if node is not None and before is not None:
            self._wake_after(before, node)
        self._queue.wake(lambda waits: after_pod_placed(waits, info))

    def _waits(self, uid: str, pod: Object) -> None:
        info = self._read(pod)
        self._queue.put(info)
        wanted = (pod.get("status") or {}).get("nominatedNodeName")
        if wanted and not self._cluster.nomination(uid):
            self._cluster.nominate(info, wanted)  # by the former leader

    def _is_ours(self, pod: Object) -> bool:
        spec = pod["spec"]
        if spec.get("schedulingGates") or pod["metadata"].get("deletionTimestamp"):
            return False
        return (spec.get("schedulerName") or DEFAULT_NAME) in self._cycles

    def _passes(self, info: PodInfo, node: NodeInfo) -> bool:
        return self._cycle(info.object).may_help(info, node)

    def _wake_after(self, gone: PodInfo, node: NodeInfo) -> None:
        self._wake_up(lambda waits: after_pod_gone(waits, gone, node, self._passes))

    def _wake_up(self, helps: Callable[[Refused], bool]) -> None:
        """Where only our own rules refused a pod, the hint has looked so closely that a long back-off is not needed."""
        self._queue.wake(lambda waits: not waits.by_others and helps(waits), surely=True)
        self._queue.wake(lambda waits: waits.by_others)

    def start_plugins(self) -> None:
        """Once, before the first pod is decided about."""
        self._third_party.start(self)

    def close(self) -> None:
        self.binder.close()
        self._third_party.stop()
        if self._extending is not None:
            self._extending.close()

    def run(self, stop: threading.Event) -> None:
        """Decide until stopped."""
        self.start_plugins()
        self.binder.start()
        threading.Thread(target=self._wake_at, args=(stop,), daemon=True).start()
        while not stop.is_set():
            self._wake.clear()
            if not self.schedule_one():
                self._wake.wait(self.pause())
        self.close()

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
        cycle, third_party = self._cycle(info.object), self._plugins_for(info.object)
        moment, plugins = self._refused.get(info.signature, (-1, frozenset()))
        if moment == self._cluster.moment and self._queue.has_failed(info.uid):
            self._queue.failed(info.uid, plugins)  # one of its kind has just been refused and nothing has changed since
            return
        state: State = {}
        if self._extending is not None:
            self._extending.begin(info, state)
        outcome = cycle.decide(info, state)
        if self._extending is not None and self._extending.holds(info, state, outcome):
            return
        decision = outcome.decision
        self._decisions.append(decision)
        if not decision.node:
            # Hints of our own rules do not know what another plugin checks in their place.
            self._queue.failed(info.uid, outcome.plugins | ({UNCHECKED} if state.get(UNCHECKED) else set()))
            room = self._preemptor.find(info, outcome, state, cycle)
            if self._extending is not None and self._extending.chooses(info, room, decision.message()):
                return
            self._preemptor.take(info, room, self.binder)
            if not room.node and not third_party.asked:
                self._refused[info.signature] = self._cluster.moment, outcome.plugins
            self.binder.submit(partial(self.binder.report, info, decision.message(), room))
            return
        node = self._cluster.by_name[decision.node]
        self._cluster.add_pod(info, node.name)
        failed = third_party.reserve(state, info.object, node)
        if failed:
            self._cluster.remove_pod(info.uid)
            self._queue.retry(info.uid)
            message = f"plugin {failed} could not reserve on node {node.name}"
            self.binder.submit(partial(self.binder.report, info, message, PreemptionResult()))
            return
        self._assumed[info.uid] = AssumedPod(info)
        self._forget(info.uid)
        self._queue.wake(lambda waits: after_pod_placed(waits, info))
        self.binder.submit(partial(self.binder.bind, info, node, state))

    def _bound(self, info: PodInfo) -> None:
        with self._lock:
            if info.uid in self._assumed:
                self._assumed[info.uid].written = self._clock()

    def _is_assumed(self, info: PodInfo) -> bool:
        with self._lock:
            return info.uid in self._assumed

    def _unbound(self, info: PodInfo, reserved: NodeView, state: State, again: bool) -> None:
        with self._lock:
            self._plugins_for(info.object).unreserve(state, info.object, reserved)
            if self._assumed.pop(info.uid, None) is None:
                return  # it was deleted meanwhile
            node = self._cluster.where.get(info.uid)
            self._cluster.remove_pod(info.uid)
            if node is not None:
                self._wake_after(info, node)
            if again:
                self._queue.put(info)
                self._queue.retry(info.uid)
        self._wake.set()


def _labels(obj: Object) -> Object:
    return obj["metadata"].get("labels") or {}


def _same(known: Object, pod: Object) -> bool:
    """Whether nothing that rules read differs."""
    a, b = known["metadata"], pod["metadata"]
    if bool(a.get("deletionTimestamp")) != bool(b.get("deletionTimestamp")) or _labels(known) != _labels(pod):
        return False
    return bool(known["spec"] == pod["spec"] and _held_resources(known) == _held_resources(pod))


def _held_resources(pod: Object) -> list[Any]:
    """What a resize under way still holds."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return [(each.get("resources"), each.get("allocatedResources")) for each in statuses]
