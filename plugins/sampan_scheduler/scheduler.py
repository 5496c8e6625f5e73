"""The scheduler's shell: hears of nodes and pods, decides on one thread, binds on a few others."""

from __future__ import annotations

import logging
import queue as stdqueue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sampan.client import Client
from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound, StatusError
from sampan.objects.metadata import now_text
from sampan.objects.selectors import Selector
from sampan_scheduler.cycle import Cycle, Decision, own_rules
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import PodInfo, read_pod
from sampan_scheduler.preemption import Room, make_room
from sampan_scheduler.queue import Queue
from sampan_scheduler.resources import PODS

log = logging.getLogger(__name__)

BINDERS = 4
REMEMBERED = 1000  # decisions kept for explaining
ENDED = ("Succeeded", "Failed")
FINISH = object()


class Events(Protocol):
    def event(self, about: Object, type: str, reason: str, message: str) -> None: ...


class Scheduler:
    """Puts pods on nodes. ``namespaces(selector)`` names the namespaces that match."""

    def __init__(
        self,
        client: Client,
        events: Events,
        *,
        names: Sequence[str],
        namespaces: Callable[[Selector], frozenset[str]],
        strangers: Sequence[Any] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._events = events
        self._names = frozenset(names)
        self._namespaces = namespaces
        self._cluster = Cluster()
        self._cycle = Cycle(self._cluster, own_rules(), strangers)
        self._queue = Queue(clock)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._assumed: dict[str, str] = {}  # uid → node: bound by us, not yet heard of
        self._nominated: dict[str, str] = {}
        self._bindings: stdqueue.SimpleQueue[Any] = stdqueue.SimpleQueue()
        self.decisions: deque[Decision] = deque(maxlen=REMEMBERED)

    def node_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        with self._lock:
            if new is None:
                assert old is not None
                self._cluster.drop_node(old["metadata"]["name"])
                return
            if old is not None and not _matters(old, new):
                return
            self._cluster.set_node(new)
            self._queue.wake()
        self._wake.set()

    def pod_changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler."""
        with self._lock:
            pod = new or old
            assert pod is not None
            uid = pod["metadata"]["uid"]
            if new is None or (new.get("status") or {}).get("phase") in ENDED:
                self._queue.drop(uid)
                self._assumed.pop(uid, None)
                self._nominated.pop(uid, None)
                if self._cluster.remove_pod(uid):
                    self._queue.wake()
            elif new["spec"].get("nodeName"):
                self._placed(uid, new)
            elif self._is_ours(new) and uid not in self._assumed:
                self._queue.put(read_pod(new, self._namespaces))
            else:
                return
        self._wake.set()

    def _placed(self, uid: str, pod: Object) -> None:
        self._queue.drop(uid)
        self._nominated.pop(uid, None)
        assumed = self._assumed.pop(uid, None)
        node = self._cluster.where.get(uid)
        if (
            node is not None
            and node.name == pod["spec"]["nodeName"]
            and (assumed or self._same(node.members[uid], pod))
        ):
            return
        self._cluster.add_pod(read_pod(pod, self._namespaces), pod["spec"]["nodeName"])
        self._queue.wake()

    def _same(self, info: PodInfo, pod: Object) -> bool:
        return info.labels == (pod["metadata"].get("labels") or {}) and info.object["spec"] == pod["spec"]

    def _is_ours(self, pod: Object) -> bool:
        spec = pod["spec"]
        gone = pod["metadata"].get("deletionTimestamp")
        return (
            (spec.get("schedulerName") or "default-scheduler") in self._names
            and not spec.get("schedulingGates")
            and not gone
        )

    def run(self, stop: threading.Event) -> None:
        """Decide until stopped."""
        binders = [threading.Thread(target=self._bind_all, name=f"binder-{n}", daemon=True) for n in range(BINDERS)]
        for binder in binders:
            binder.start()
        threading.Thread(target=self._wake_at, args=(stop,), daemon=True).start()
        while not stop.is_set():
            self._wake.clear()
            if not self.schedule_one():
                with self._lock:
                    pause = self._queue.next_time()
                self._wake.wait(pause)
        for _ in binders:
            self._bindings.put(FINISH)
        for binder in binders:
            binder.join(timeout=5)

    def _wake_at(self, stop: threading.Event) -> None:
        stop.wait()
        self._wake.set()

    def schedule_one(self) -> bool:
        """One cycle; False when no pod may be tried now."""
        with self._lock:
            info = self._queue.pop()
            if info is None:
                return False
            decision = self._cycle.decide(info)
            self.decisions.append(decision)
            total = len(self._cluster)
            room: Room | None = None
            if decision.node:
                self._cluster.add_pod(info, decision.node)
                self._assumed[info.uid] = decision.node
                self._queue.drop(info.uid)
            else:
                if info.priority > 0 and info.uid not in self._nominated:
                    room = make_room(info, self._cluster, decision.resolvable, self._cycle.fits)
                    if room:
                        self._nominated[info.uid] = room.node
                self._queue.failed(info.uid)
            self._cluster.trim()
        if decision.node:
            self._bindings.put((info, decision.node))
        else:
            self._bindings.put((info, decision.message(total), room))
        return True

    def _bind_all(self) -> None:
        while (work := self._bindings.get()) is not FINISH:
            try:
                if len(work) == 2:
                    self._bind(*work)
                else:
                    self._report(*work)
            except Exception:
                log.exception("pod %s could not be handled", work[0].ref)

    def _bind(self, info: PodInfo, node: str) -> None:
        binding = {
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": info.name, "namespace": info.namespace, "uid": info.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }  # fmt: skip
        try:
            self._client.create(PODS, binding, info.namespace, subresource="binding", name=info.name)
        except NotFound:
            self._undo(info, again=False)
        except (StatusError, OSError) as error:
            self._undo(info, again=not isinstance(error, Conflict))
            log.warning("pod %s could not be bound to %s: %s", info.ref, node, error)
            self._events.event(info.object, "Warning", "FailedScheduling", f"binding rejected: {error}")
        else:
            self._events.event(info.object, "Normal", "Scheduled", f"Successfully assigned {info.ref} to {node}")

    def _undo(self, info: PodInfo, *, again: bool) -> None:
        with self._lock:
            if self._assumed.pop(info.uid, None) is None:
                return
            self._cluster.remove_pod(info.uid)
            if again:
                self._queue.put(info)
                self._queue.retry(info.uid)
            self._queue.wake()
        self._wake.set()

    def _report(self, info: PodInfo, message: str, room: Room | None) -> None:
        """Say why there is no node, and clear one where that helps."""
        text = f"{message} preemption: {self._preempted_text(room, message)}"
        self._events.event(info.object, "Warning", "FailedScheduling", text)
        status: dict[str, Any] = {}
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}
        known = [c for c in (info.object.get("status") or {}).get("conditions") or () if c["type"] == "PodScheduled"]
        if not known or any(known[0].get(key) != value for key, value in condition.items()):
            status["conditions"] = [{**condition, "lastProbeTime": None, "lastTransitionTime": now_text(time.time())}]
        if room:
            status["nominatedNodeName"] = room.node
        try:
            if status:
                self._client.patch(
                    PODS, info.name, {"status": status}, info.namespace, how="strategic", subresource="status"
                )
            for victim in room.victims if room else ():
                self._evict(victim, info)
        except NotFound:
            return
        except (StatusError, OSError) as error:
            log.warning("pod %s: its state could not be written: %s", info.ref, error)

    def _preempted_text(self, room: Room | None, message: str) -> str:
        if room:
            return f"{len(room.victims)} victim(s) on node {room.node} are removed."
        total = message[2:].partition(" ")[0] if message.startswith("0/") else "0"
        return (
            f"0/{total} nodes are available: {total} Preemption is not helpful for scheduling."
            if total != "0"
            else "not helpful."
        )

    def _evict(self, victim: PodInfo, by: PodInfo) -> None:
        condition = {
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": f"{next(iter(self._names))}: preempting to accommodate a higher priority pod",
            "lastTransitionTime": now_text(time.time()),
        }  # fmt: skip
        try:
            self._client.patch(
                PODS,
                victim.name,
                {"status": {"conditions": [condition]}},
                victim.namespace,
                how="strategic",
                subresource="status",
            )
            self._client.delete(PODS, victim.name, victim.namespace, uid=victim.uid)
        except NotFound:
            return
        self._events.event(
            victim.object, "Normal", "Preempted", f"Preempted by pod {by.uid} on node {self._nominated.get(by.uid, '')}"
        )


def _matters(old: Object, new: Object) -> bool:
    """Whether a Node changed in something that rules read; heartbeats do not count."""

    def relevant(node: Object) -> tuple[Any, ...]:
        status = node.get("status") or {}
        return node["metadata"].get("labels"), node.get("spec"), status.get("allocatable")

    return relevant(old) != relevant(new)
