"""Runs reconcilers: informers feed a queue; a few workers decide, perform the actions and record expectations.

All reconcilers of a process share the informers (one per scope), one thread that reads their watches, and one small
pool of workers, so that an idle control plane stays small. Must not know any reconciler by name.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import (
    Action,
    ClientReconciler,
    Emit,
    GiveUp,
    Key,
    Reconciler,
    Requeue,
    Retry,
    Standing,
    Watching,
)
from sampan.errors import AlreadyExists, Conflict, NotFound, StatusError
from sampan_client import Client
from sampan_client.hub import start_thread
from sampan_client.queue import Item, Queue
from sampan_isolation import Broken
from sampan_reconciler.observed import Scope, SharedInformer, View, by_resource
from sampan_reconciler.pacing import Pacing
from sampan_reconciler.perform import EventSink, Expectations, NoEvents, Performer, Write, ends_with_namespace

log = logging.getLogger(__name__)

_WORKERS = 4
_BURST = 8  # creations of one decision that are under way at the same time
_REMEMBERED = 512  # decisions
_EXPECT = 30.0  # seconds after which an expectation expires
#: Seconds of back-off up to which AlreadyExists is normal: the watch may not have delivered the object yet.
_BEHIND = 0.3
_RECHECK = 1.0  # seconds after which a key with pending expectations is checked again
_JOIN = 5.0
_STANDING_PAUSE = 1.0

AnyReconciler = Reconciler | ClientReconciler | Standing


@dataclass(frozen=True)
class Decision:
    """The last decision for a key, for ``explain``."""

    reconciler: str
    key: Key
    at: float
    actions: tuple[Action, ...]
    error: str = ""


class Runtime:
    """Runs reconcilers between ``start`` and ``stop``. Cannot be started twice."""

    def __init__(
        self,
        client: Client,
        reconcilers: Sequence[AnyReconciler],
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        random: Random | None = None,
        recorder: EventSink | None = None,
        workers: int = _WORKERS,
        burst: int = _BURST,
        computing: Callable[[], float] = time.thread_time,
    ) -> None:
        """``computing``: seconds that this thread has computed; a caller with a clock of its own gives a constant one,
        so that the same events cause the same decisions."""
        self.counters: Counter[tuple[str, str]] = Counter()  # (reconciler, what): decided, actions, retried, failed
        self._client = client
        self._keyed = [rec for rec in reconcilers if not isinstance(rec, Standing)]
        self._standing = [rec for rec in reconcilers if isinstance(rec, Standing)]
        self._clock, self._ticks, self._random = clock, ticks, random or Random()
        self._events = recorder or NoEvents()
        self._queue = Queue([rec.workers for rec in self._keyed], ticks)
        self._expectations = Expectations()
        self._computing, self._pacing = computing, Pacing()
        self._decisions: OrderedDict[tuple[str, Key], Decision] = OrderedDict()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._shared: dict[Scope, SharedInformer] = {}
        self._needs: list[set[Scope]] = [set() for _ in self._keyed]
        for lane, reconciler in enumerate(self._keyed):
            self._wire(lane, reconciler)
        self._by_resource = by_resource(self._shared.values())
        self._threads: list[threading.Thread] = []
        self._workers, self._burst = workers, burst

    def start(self) -> None:
        """Returns at once. A reconciler starts to decide when all its informers have synced."""
        self.start_watching()
        for number in range(self._workers if self._keyed else 0):
            self._threads.append(start_thread(self._work, f"reconciler {number}"))
        for standing in self._standing:
            self._threads.append(start_thread(lambda it=standing: self._stand(it), standing.name))  # type: ignore[misc]  # mypy cannot infer a lambda's default

    def start_watching(self) -> None:
        """In place of ``start``, for a caller that does the work with ``turn``: the informers and no thread. Standings
        are the caller's."""
        for shared in self._shared.values():
            shared.informer.start()
        for lane, reconciler in enumerate(self._keyed):
            if reconciler.resync:
                self._queue.add_after(Item(lane, None), reconciler.resync)

    def turn(self) -> bool:
        """Decide one key that is due now, on this thread, and perform its actions. False: there is none."""
        item = self._queue.take()
        if item is None:
            return False
        try:
            self._handle(item)
        finally:
            self._queue.done(item)
        return True

    def due(self) -> float | None:
        """The time, by ``ticks``, at which the next key may be due."""
        return self._queue.due()

    def stop(self) -> None:
        """End all threads and watches. A decision that is being performed may finish first (for at most 5 s)."""
        self._stop.set()
        self._queue.close()
        for shared in self._shared.values():
            shared.informer.stop()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_JOIN)

    def wait_synced(self, timeout: float = 30.0) -> bool:
        """Whether all informers have synced within ``timeout`` seconds."""
        until = time.monotonic() + timeout
        return all(s.informer.wait_synced(max(0.0, until - time.monotonic())) for s in self._shared.values())

    def explain(self, reconciler: str = "", namespace: str = "", name: str = "") -> list[Decision]:
        """The last decisions that had actions, oldest first, filtered by the arguments."""
        with self._lock:
            found = list(self._decisions.values())
        return [
            decision
            for decision in found
            if reconciler in ("", decision.reconciler)
            and namespace in ("", decision.key.namespace)
            and name in ("", decision.key.name)
        ]

    def backlog(self) -> int:
        """Keys that wait to be decided."""
        return len(self._queue)

    # -- from changes to keys

    def _wire(self, lane: int, reconciler: Reconciler | ClientReconciler) -> None:
        watches = list(reconciler.watches)
        if not any(watching.resource == reconciler.primary for watching in watches):
            watches.insert(0, Watching(reconciler.primary))
        for watching in watches:
            scope = Scope(watching.resource, watching.fields, watching.labels)
            if scope not in self._shared:
                self._shared[scope] = SharedInformer(self._client, scope, self._opener(scope))
                self._shared[scope].informer.optional = watching.optional
            self._shared[scope].informer.optional &= watching.optional
            self._needs[lane].add(scope)
            self._shared[scope].subscribers.append(self._subscriber(lane, reconciler, watching))

    def _opener(self, scope: Scope) -> Callable[[], None]:
        return lambda: self._synced(scope)

    def _synced(self, scope: Scope) -> None:
        for lane, needs in enumerate(self._needs):
            if scope in needs and all(self._shared[need].informer.synced for need in needs):
                self._queue.open(lane)

    def _subscriber(
        self, lane: int, reconciler: Reconciler | ClientReconciler, watching: Watching
    ) -> Callable[[Object | None, Object | None], None]:
        def changed(old: Object | None, new: Object | None) -> None:
            keys: set[Key] = set()
            for obj in (old, new):
                if obj is not None:
                    keys.update(self._keys(reconciler, watching, obj))
            for key in sorted(keys):  # a set's order differs from process to process
                self._queue.add(Item(lane, key))

        return changed

    def _keys(self, reconciler: Reconciler | ClientReconciler, watching: Watching, obj: Object) -> Iterable[Key]:
        if watching.keys is not None:
            return watching.keys(obj, self._view())
        if watching.resource == reconciler.primary:
            return (Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"]),)
        return controller_keys(obj, reconciler.primary)

    # -- from keys to actions

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._handle(item)
            except Exception:
                log.exception("a worker failed; it continues with the next key")
            finally:
                self._queue.done(item)

    def _handle(self, item: Item) -> None:
        reconciler = self._keyed[item.lane]
        if not isinstance(item.key, Key):
            self._resync(item, reconciler)
            return
        if self._expectations.pending(item, self._ticks(), self._has_seen):
            self._queue.add_after(item, _RECHECK)  # the expected change usually queues the key earlier
            return
        wait = self._pacing.wait(item, self._ticks())
        if wait > 0:
            self._queue.add_after(item, wait)
            return
        key, name, begun = item.key, reconciler.name, self._computing()
        performer = Performer(self._client, self._events, name, burst=self._burst)
        actions: list[Action] = []
        problem: Exception | None = None
        try:
            actions += self._decide(reconciler, key)
            if isinstance(reconciler, Reconciler):  # others wait for the API, and each of their calls computes
                self._pacing.decided(item, self._computing() - begun, self._ticks())
            self.counters[name, "decided"] += 1
            performer.perform(actions)
        except Exception as error:
            problem = error
        self._expectations.expect(
            item, [w for w in performer.writes if w.resource in self._by_resource], self._ticks() + _EXPECT
        )
        self._remember(name, key, actions, problem)
        self._conclude(item, name, performer, problem)

    def _decide(self, reconciler: Reconciler | ClientReconciler, key: Key) -> Iterable[Action]:
        if isinstance(reconciler, ClientReconciler):
            return reconciler.reconcile(key, self._client, self._view())
        return reconciler.decide(key, self._view())

    def _conclude(self, item: Item, name: str, performer: Performer, problem: Exception | None) -> None:
        if problem is None:
            self._queue.forget(item)
            if performer.requeue is not None:
                self._queue.add_after(item, performer.requeue)
            return
        self.counters[name, "retried"] += 1
        key = item.key
        if isinstance(problem, Retry):
            log.debug("%s %s: %s", name, key, problem)
            self._queue.add_after(item, problem.after)
        elif isinstance(problem, GiveUp):
            log.warning("%s does not retry %s until it changes: %s", name, key, problem)
        elif isinstance(problem, StatusError) and ends_with_namespace(problem):
            log.debug("%s %s: %s", name, key, problem)
        elif isinstance(problem, (Conflict, NotFound, ConnectionError)):
            log.debug("%s %s: %s", name, key, problem)
            self._queue.add_limited(item)
        else:
            self.counters[name, "failed"] += 1
            delay = self._queue.add_limited(item)
            trace = None if isinstance(problem, StatusError) else problem
            behind = isinstance(problem, AlreadyExists) and delay < _BEHIND
            level = (
                logging.DEBUG if behind or isinstance(problem, Broken) else logging.WARNING
            )  # in the failure log already
            log.log(level, "%s %s failed and is retried in %.3g s: %s", name, key, delay, problem, exc_info=trace)

    def _has_seen(self, write: Write) -> bool:
        shared, *others = self._by_resource.get(write.resource) or (None,)
        if shared is None or others or not shared.scope.is_whole:
            return True  # an informer with selectors may never show it
        informer = shared.informer
        found = informer.get(write.name, write.namespace)
        if not write.revision:
            return (
                found is None
                or bool(found["metadata"].get("deletionTimestamp"))
                or (bool(write.uid) and found["metadata"].get("uid") != write.uid)
            )
        if not write.revision.isdigit():
            return found is not None and found["metadata"].get("resourceVersion") == write.revision
        return informer.revision >= int(write.revision)

    def _resync(self, item: Item, reconciler: Reconciler | ClientReconciler) -> None:
        for obj in self._view().list(reconciler.primary):
            self._queue.add(Item(item.lane, Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])))
        self._queue.add_after(item, reconciler.resync)

    def _remember(self, name: str, key: Key, actions: list[Action], problem: Exception | None) -> None:
        done = tuple(action for action in actions if not isinstance(action, (Requeue, Emit)))
        self.counters[name, "actions"] += len(done)
        if not done and problem is None:
            return
        decision = Decision(name, key, self._clock(), tuple(actions), str(problem) if problem else "")
        with self._lock:
            self._decisions[name, key] = decision
            self._decisions.move_to_end((name, key))
            if len(self._decisions) > _REMEMBERED:
                self._decisions.popitem(last=False)

    def _view(self) -> View:
        return View(self._by_resource, self._clock(), self._random)

    def _stand(self, standing: Standing) -> None:
        pause = _STANDING_PAUSE
        while not self._stop.is_set():
            try:
                standing.run(self._client, self._stop)
            except Exception:
                log.exception("%s failed and is restarted", standing.name)
            self._stop.wait(pause)
            pause = min(pause * 2, 60.0)


def controller_keys(obj: Object, primary: Resource) -> tuple[Key, ...]:
    """The key of the object's controller, if that is of the primary kind."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        group = reference.get("apiVersion", "").rpartition("/")[0]
        if reference.get("controller") and reference.get("kind") == primary.kind and group == primary.group:
            namespace = obj["metadata"].get("namespace", "") if primary.namespaced else ""
            return (Key(namespace, reference["name"]),)
    return ()
