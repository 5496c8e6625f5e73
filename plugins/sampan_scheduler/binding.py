"""Writes decisions to the API on threads of its own: bindings, reasons, evictions.

Each thread keeps its connection (the client's pool). Must not decide anything: what came of a binding is told to the
``bound`` and ``unbound`` callbacks.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound, SampanError
from sampan_client import Client
from sampan_machinery.metadata import get_condition, now_text, observed_generation
from sampan_machinery.resources import PODS
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.preemption import REASON, PreemptionResult
from sampan_scheduler.resources import DEFAULT_NAME
from sampan_scheduler.third_party import ThirdParty
from sampan_scheduling.contracts import NodeView, State

log = logging.getLogger(__name__)

BINDERS = 16  # commits group: more bindings under way cost the store no more flushes
#: Seconds between two questions to a plugin that wants a pod to wait; they double up to the second.
ASK_AGAIN, ASK_SELDOM = 0.5, 8.0
UNSCHEDULABLE = "Unschedulable"  # the reason in the pod's condition
UNWRITTEN = (SampanError, OSError)


class EventRecorder(Protocol):
    def event(self, about: Object, type: str, reason: str, message: str) -> None: ...


class Binder:
    """``third_party(pod)``: the plugins of others that take part. ``bound(info)`` after a binding is written;
    ``unbound(info, node, state, again)`` after it was refused for good.
    ``wanted(info)``: whether the pod still waits for its binding."""

    def __init__(
        self,
        client: Client,
        events: EventRecorder,
        third_party: Callable[[Object], ThirdParty],
        *,
        bound: Callable[[PodInfo], None],
        unbound: Callable[[PodInfo, NodeView, State, bool], None],
        wanted: Callable[[PodInfo], bool] = lambda info: True,
    ) -> None:
        self._client, self._events, self._third_party = client, events, third_party
        self._bound, self._unbound, self._wanted = bound, unbound, wanted
        self._waiting: dict[str, tuple[threading.Timer, Callable[[], None]]] = {}  # by the pod's uid
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._closed = False
        #: Whether another one binds the pod (an extender); it is given ``_write`` to do so with.
        self.elsewhere: Callable[[PodInfo, NodeView, Callable[[Callable[[], None]], None]], bool] | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._work, name=f"binder-{n}", daemon=True) for n in range(BINDERS)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Drop what has not begun: the next leader decides again."""
        self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=5)

    def submit(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def do_all(self) -> None:
        """Do what has been submitted, on this thread (for tests and simulations)."""
        while self.do_one():
            pass

    def do_one(self) -> bool:
        """The oldest that has been submitted, on this thread. False: there is none."""
        if self._jobs.empty():
            return False
        job = self._jobs.get()
        if job is not None:
            job()
        return True

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._closed:
                continue
            try:
                job()
            except Exception:
                log.exception("a binding or a reason could not be written")

    def bind(
        self, info: PodInfo, node: NodeView, state: State, give_up_at: float | None = None, pause: float = ASK_AGAIN
    ) -> None:
        """Assign the pod to the node, once plugins permit it."""
        third_party = self._third_party(info.object)
        if third_party.waits:
            if give_up_at is not None and not self._wanted(info):
                self._unbound(info, node, state, False)
                return
            try:
                wait = third_party.permit(state, info.object, node) or third_party.pre_bind(state, info.object, node)
                if wait > 0:
                    end = time.monotonic() + wait if give_up_at is None else give_up_at
                    self._wait(info, node, state, end, pause)
                    return
            except Exception as error:
                self._refused(info, node, state, error, again=True)
                return
        write = partial(self._write, info, node, state)
        if self.elsewhere is None or not self.elsewhere(info, node, write):
            write(partial(self._create_binding, info, node))

    def _create_binding(self, info: PodInfo, node: NodeView) -> None:
        binding = {
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": info.name, "namespace": info.namespace, "uid": info.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node.name},
        }  # fmt: skip
        self._client.create(PODS, binding, info.namespace, subresource="binding", name=info.name)

    def _write(self, info: PodInfo, node: NodeView, state: State, bind: Callable[[], None]) -> None:
        """``bind`` writes the binding."""
        try:
            bind()
        except NotFound:
            self._unbound(info, node, state, False)
        except UNWRITTEN as error:
            self._refused(info, node, state, error, again=not isinstance(error, Conflict))
        else:
            self._bound(info)
            self._events.event(info.object, "Normal", "Scheduled", f"Successfully assigned {info.ref} to {node.name}")

    def _wait(self, info: PodInfo, node: NodeView, state: State, give_up_at: float, pause: float) -> None:
        if time.monotonic() >= give_up_at:
            self._refused(info, node, state, TimeoutError("no plugin permitted it in time"), again=True)
            return
        job = partial(self.bind, info, node, state, give_up_at, min(2 * pause, ASK_SELDOM))
        timer = threading.Timer(pause, self.ask_again, (info.uid,))
        timer.daemon = True
        self._waiting[info.uid] = timer, job
        timer.start()

    def ask_again(self, uid: str) -> None:
        """Ask the plugins that want this pod to wait once more; nothing where it does not wait."""
        if (found := self._waiting.pop(uid, None)) is not None:
            found[0].cancel()
            self.submit(found[1])

    def _refused(self, info: PodInfo, node: NodeView, state: State, error: Exception, *, again: bool) -> None:
        self._unbound(info, node, state, again)
        log.warning("pod %s could not be bound to %s: %s", info.ref, node.name, error)
        self._events.event(info.object, "Warning", "FailedScheduling", f"binding rejected: {error}")

    def report(self, info: PodInfo, message: str, room: PreemptionResult, reason: str = UNSCHEDULABLE) -> None:
        """Say why there is no node; clear the one that was chosen for it."""
        # Upstream first tries to take devices back from claims, and says that a pod without claims has none.
        has_claims = bool(info.object["spec"].get("resourceClaims"))
        claims = "still not schedulable, " if has_claims else "no new claims to deallocate, "
        text = message if room.node or not room.why else f"{message} {claims}preemption: {room.why}"
        self._events.event(info.object, "Warning", "FailedScheduling", text)
        status: dict[str, Any] = {}
        condition = _changed_condition(info.object, text, reason)
        if condition:
            status["conditions"] = [condition]
        if room.node:
            status["nominatedNodeName"] = room.node
        elif not room.keeps and (info.object.get("status") or {}).get("nominatedNodeName"):
            status["nominatedNodeName"] = None
        if status:
            self._write_status(info, status)

    def clear_nomination(self, info: PodInfo) -> None:
        """A more important pod has been promised the room that was made for this one."""
        self._write_status(info, {"nominatedNodeName": None})

    def _write_status(self, info: PodInfo, status: Object) -> None:
        try:
            self._client.patch(
                PODS, info.name, {"status": status}, info.namespace, how="strategic", subresource="status"
            )
        except NotFound:
            return
        except UNWRITTEN as error:
            log.warning("pod %s: its state could not be written: %s", info.ref, error)

    def evict(self, victim: PodInfo, by: PodInfo, node: str, failed: Callable[[], None]) -> None:
        """Delete a pod for a more important one; ``failed()`` when that could not be done."""
        scheduler = by.object["spec"].get("schedulerName") or DEFAULT_NAME
        condition = {
            "type": "DisruptionTarget", "status": "True", "reason": REASON,
            "message": f"{scheduler}: preempting to accommodate a higher priority pod",
            "lastTransitionTime": now_text(time.time()), **observed_generation(victim.object),
        }  # fmt: skip
        patch = {"status": {"conditions": [condition]}}
        try:
            self._client.patch(PODS, victim.name, patch, victim.namespace, how="strategic", subresource="status")
            self._client.delete(PODS, victim.name, victim.namespace, uid=victim.uid)
        except NotFound:
            return
        except UNWRITTEN as error:
            log.warning("pod %s could not be evicted for %s: %s", victim.ref, by.ref, error)
            failed()
        else:
            self._events.event(victim.object, "Normal", "Preempted", f"Preempted by pod {by.uid} on node {node}")

    def look(self, info: PodInfo, heard: Callable[[Object | None, Object | None], None]) -> None:
        """Read a pod whose binding we have not heard back of, and tell what there is."""
        try:
            pod = self._client.get(PODS, info.name, info.namespace)
        except NotFound:
            heard(info.object, None)
        except UNWRITTEN as error:
            log.debug("pod %s cannot be read: %s", info.ref, error)
        else:
            if pod["metadata"]["uid"] == info.uid:
                heard(info.object, pod)
            else:
                heard(info.object, None)


def _changed_condition(pod: Object, text: str, reason: str) -> Object | None:
    """The PodScheduled condition to write, None when the pod says the same already."""
    wanted = {
        "type": "PodScheduled",
        "status": "False",
        "reason": reason,
        "message": text,
        **observed_generation(pod),
    }
    known: Object = get_condition(pod.get("status"), "PodScheduled") or {}
    if all(known.get(key) == value for key, value in wanted.items()):
        return None
    since = known.get("lastTransitionTime") if known.get("status") == "False" else None
    return {**wanted, "lastProbeTime": None, "lastTransitionTime": since or now_text(time.time())}
