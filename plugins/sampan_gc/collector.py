"""The garbage collector: watches every kind, keeps the graph of owners, checks objects that may be garbage and deletes
those that are. No object is deleted because of a watch event alone: the object and each owner that the graph does not
know are read live first. Source: Kubernetes docs, "Garbage Collection"; conformance 3.13."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound, StatusError
from sampan_client import Client
from sampan_client.discovery import Discovered, discover
from sampan_client.informers import Informer
from sampan_client.queue import Item, Queue
from sampan_client.working import PASSING, work_off, work_one
from sampan_gc.graph import FOREGROUND, ORPHAN, Graph, GraphNode, Owner, node_of, owners_of
from sampan_gc.verdicts import Delete, OwnerState, RemoveOwners, blocking, judge

log = logging.getLogger(__name__)

#: Change often, never own an object, and have no owner that matters.
IGNORED = frozenset({("", "events"), ("events.k8s.io", "events"), ("coordination.k8s.io", "leases")})
_NEEDED = frozenset({"list", "watch", "delete"})
_REFRESH = 30.0  # seconds between two looks at which kinds there are
#: Whose objects bring kinds and take them away. They are watched anyway.
_SOURCES = frozenset({("apiextensions.k8s.io", "customresourcedefinitions"), ("apiregistration.k8s.io", "apiservices")})
#: Seconds until discovery is asked after one of them has changed, and once more: a kind is served a moment later, and
#: several that come together are found by one look.
_AFTER_CHANGE = (0.2, 1.0)
_FIRST_RETRY = 1.0  # seconds until discovery is tried again while it fails
_SOONEST = 2.0  # seconds between two looks because of an unknown owner
_WORKERS = 2
_ABSENT = 1000  # owners remembered as gone
_KEPT = ("name", "namespace", "uid", "resourceVersion", "ownerReferences", "deletionTimestamp", "finalizers")


class UnknownOwnerKind(Exception):
    """An owner's kind is not (yet) among the discovered ones: nothing can be said about it."""


_PASSING = (*PASSING, UnknownOwnerKind)
_WHAT = "garbage collection of %s"


class Collector:
    """Built for one leadership; ``run`` until ``stop`` is set."""

    def __init__(
        self, client: Client, *, refresh: float = _REFRESH, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.graph = Graph()
        self._client = client
        self._refresh = refresh
        self._kinds: dict[Resource, Informer] = {}
        self._by_kind: dict[tuple[str, str], Resource] = {}
        self._clock = clock
        self._queue = Queue([_WORKERS], clock)
        self._absent: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Event()  # a definition has, or the end has come
        self._asking = threading.Lock()
        self._asked_at = 0.0
        self._after: list[float] = []  # pauses that are left of those after a change

    def run(self, stop: threading.Event) -> None:
        workers = [threading.Thread(target=self._work, name=f"gc {n}", daemon=True) for n in range(_WORKERS)]
        for worker in workers:
            worker.start()
        threading.Thread(target=_wake_at, args=(stop, self._changed), name="gc-stop", daemon=True).start()
        pause, opens = _FIRST_RETRY, float("inf")
        try:
            while not stop.is_set():
                try:
                    self._ask()
                    pause = self._refresh
                    opens = min(opens, time.monotonic() + pause)
                except (StatusError, ConnectionError) as error:
                    log.debug("which kinds there are cannot be asked: %s", error)
                if self._pause(stop, pause):
                    break
                if self._kinds and time.monotonic() >= opens:
                    # A kind that cannot be watched (its server is away) does not hold up the others for ever.
                    self._queue.open(0)
        finally:
            self.close()
            for worker in workers:
                worker.join(5)

    # Watching

    def _pause(self, stop: threading.Event, seconds: float) -> bool:
        """Until the next look at which kinds there are; whether the end has come."""
        if self._after:
            self._changed.wait(self._after.pop(0))
        elif self._changed.wait(seconds):
            self._changed.clear()
            first, *rest = _AFTER_CHANGE
            self._after = rest
            stop.wait(first)
        return stop.is_set()

    def _ask(self) -> None:
        with self._asking:
            self._asked_at = self._clock()
            self._follow(discover(self._client))

    def _ask_again(self) -> None:
        """An owner's kind is unknown: ask discovery again, as the kind may be new."""
        if self._clock() - self._asked_at > _SOONEST:
            try:
                self._ask()
            except StatusError as error:
                raise UnknownOwnerKind(str(error)) from error

    def _follow(self, found: list[Discovered]) -> None:
        """Watch what is new, stop watching what is no more, and begin to work once all has been seen."""
        wanted = {d.resource for d in found if d.verbs >= _NEEDED and d.resource[:3:2] not in IGNORED}
        self._by_kind = {(d.resource.group, d.resource.kind): d.resource for d in found if "get" in d.verbs}
        for resource in [each for each in self._kinds if each not in wanted]:
            ended = self._kinds.pop(resource)
            ended.stop()
            for obj in ended.list():
                self._add(self.graph.remove(obj["metadata"].get("uid", "")))
        fresh = {
            resource: Informer(
                self._client,
                resource,
                on_change=self._listener(resource),
                on_synced=self._synced,
                metadata_only=True,
                keep=_lean,
            )
            for resource in sorted(wanted - self._kinds.keys())
        }
        self._kinds |= fresh  # all of them before one starts: _synced counts what is here
        for informer in fresh.values():
            informer.start()

    def _synced(self) -> None:
        if all(informer.synced for informer in list(self._kinds.values())):
            self._add(self.graph.parentless())
            self._queue.open(0)

    def _listener(self, resource: Resource) -> Callable[[Object | None, Object | None], None]:
        brings_kinds = resource[:3:2] in _SOURCES

        def changed(old: Object | None, new: Object | None) -> None:
            if brings_kinds:
                self._changed.set()
            if new is not None:
                self._add(self.graph.put(node_of(resource, new)))
            elif old is not None:
                self._mark_absent(old["metadata"].get("uid", ""))
                self._add(self.graph.remove(old["metadata"].get("uid", "")))

        return changed

    def _add(self, uids: set[str]) -> None:
        for uid in sorted(uids):
            self._queue.add(Item(0, uid))

    # Working

    def _work(self) -> None:
        work_off(self._queue, self._handle, log=log, what=_WHAT, passing=_PASSING)

    def turn(self) -> bool:
        """In place of ``run``: ask for the kinds when that is due, or do one piece of work on this thread."""
        if self._clock() >= self._asked_at + self._refresh or not self._kinds or self._changed.is_set():
            self._changed.clear()
            try:
                self._ask()
            except (StatusError, ConnectionError) as error:
                log.debug("which kinds there are cannot be asked: %s", error)
            return True
        return work_one(self._queue, self._handle, log=log, what=_WHAT, passing=_PASSING)

    def due(self) -> float | None:
        times = [self._queue.due(), self._asked_at + self._refresh]
        return min(each for each in times if each is not None)

    def close(self) -> None:
        self._queue.close()
        for informer in self._kinds.values():
            informer.stop()

    def _handle(self, item: Item) -> None:
        self.look_at(str(item.key))

    def look_at(self, uid: str) -> None:
        """Do what is to be done about one object now."""
        node = self.graph.get(uid)
        if node is None:
            return
        live = self._live(node.resource, node.name, node.namespace)
        if live is None or live["metadata"].get("uid") != uid:
            self._add(self.graph.remove(uid))  # its deletion has been or will be announced
            return
        node = node_of(node.resource, live)
        if node.orphans:
            self._orphan(node, live)
        elif node.waits:
            self._await(node, live)
        elif not node.deleting:
            self._judge(node, live)

    def _judge(self, node: GraphNode, live: Object) -> None:
        owners = [(owner, self._standing(node, owner)) for owner in node.owners]
        dependents = self.graph.dependents(node.uid)
        verdict = judge(node, owners, dependents)
        if isinstance(verdict, RemoveOwners):
            self._disown(node, live, verdict.uids)
        elif isinstance(verdict, Delete):
            if verdict.unblock:
                live = self._unblock(node, live)
            log.debug("collecting %s %s/%s", node.resource.plural, node.namespace, node.name)
            self._delete(node, live, verdict.propagation)

    def _await(self, node: GraphNode, live: Object) -> None:
        """Foreground: dependents go first, then the finalizer that held the object."""
        left = blocking(node, self.graph.dependents(node.uid))
        if not left:
            self._drop_finalizer(node, live, FOREGROUND)
            return
        self._add({each.uid for each in left if not each.waits})

    def _orphan(self, node: GraphNode, live: Object) -> None:
        """Orphan: dependents lose their reference, then the finalizer that held the object."""
        for each in self.graph.dependents(node.uid):
            found = self._live(each.resource, each.name, each.namespace)
            if found is not None and found["metadata"].get("uid") == each.uid:
                self._disown(each, found, (node.uid,))
        self._drop_finalizer(node, live, ORPHAN)

    def _standing(self, node: GraphNode, owner: Owner) -> OwnerState:
        known = self.graph.get(owner.uid)
        if known is not None and known.name == owner.name and known.namespace in ("", node.namespace):
            return OwnerState.WAITING if known.waits else OwnerState.SOLID
        if owner.uid in self._absent:
            return OwnerState.DANGLING
        if (owner.group, owner.kind) not in self._by_kind:
            self._ask_again()
        resource = self._by_kind.get((owner.group, owner.kind))
        if resource is None:
            raise UnknownOwnerKind(f"{owner.api_version} {owner.kind}")
        if resource.namespaced and not node.namespace:
            return OwnerState.SOLID  # a cluster-wide object cannot be owned from within a namespace: never collected
        live = self._live(resource, owner.name, node.namespace if resource.namespaced else "")
        if live is None or live["metadata"].get("uid") != owner.uid:
            self._mark_absent(owner.uid)
            return OwnerState.DANGLING
        return OwnerState.WAITING if node_of(resource, live).waits else OwnerState.SOLID

    # Calls

    def _live(self, resource: Resource, name: str, namespace: str) -> Object | None:
        try:
            return self._client.get(resource, name, namespace)
        except NotFound:
            return None

    def _delete(self, node: GraphNode, live: Object, propagation: str) -> None:
        try:
            self._client.delete(
                node.resource, node.name, node.namespace, uid=node.uid, propagation=propagation,
                resource_version=live["metadata"].get("resourceVersion", ""),
            )  # fmt: skip
        except NotFound:
            return

    def _disown(self, node: GraphNode, live: Object, uids: tuple[str, ...]) -> None:
        left = [ref for ref in live["metadata"].get("ownerReferences") or () if ref["uid"] not in uids]
        if len(left) != len(owners_of(live)):
            self._patch(node, live, {"ownerReferences": left or None})

    def _unblock(self, node: GraphNode, live: Object) -> Object:
        references = live["metadata"].get("ownerReferences") or ()
        freed = [{**ref, "blockOwnerDeletion": False} if ref.get("blockOwnerDeletion") else ref for ref in references]
        return self._patch(node, live, {"ownerReferences": freed}) or live

    def _drop_finalizer(self, node: GraphNode, live: Object, finalizer: str) -> None:
        left = [each for each in live["metadata"].get("finalizers") or () if each != finalizer]
        self._patch(node, live, {"finalizers": left or None})

    def _patch(self, node: GraphNode, live: Object, metadata: Object) -> Object | None:
        guarded = {"uid": node.uid, "resourceVersion": live["metadata"].get("resourceVersion", ""), **metadata}
        try:
            return self._client.patch(node.resource, node.name, {"metadata": guarded}, node.namespace)
        except NotFound:
            return None

    def _mark_absent(self, uid: str) -> None:
        self._absent[uid] = None
        if len(self._absent) > _ABSENT:
            self._absent.popitem(last=False)


def run(client: Client, stop: threading.Event) -> None:
    """Collect garbage until ``stop`` is set."""
    Collector(client).run(stop)


def _wake_at(stop: threading.Event, event: threading.Event) -> None:
    stop.wait()
    event.set()


def turns(client: Client, clock: Callable[[], float]) -> Collector:
    """The same in turns."""
    return Collector(client, clock=clock)


def _lean(obj: Object) -> Object:
    """Keep of each object only what the graph needs: this process holds every object of the cluster."""
    metadata = obj["metadata"]
    return {"metadata": {key: metadata[key] for key in _KEPT if key in metadata}}
