"""The node agent of all hollow nodes: informers feed a queue, and every item of it is one piece of work.

The work is done in turns (``turn``), by the threads of the component or by a caller that owns the clock. Its state is
what the informers show, and for each object the stage that it is about to enter.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Patch, Remove
from sampan.errors import AlreadyExists, Conflict, NotFound, StatusError
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_client.queue import Item, Queue
from sampan_client.working import work_off, work_one
from sampan_hollow import nodes
from sampan_hollow.addresses import NODES as LOOPBACK
from sampan_hollow.addresses import Pool
from sampan_hollow.deciding import Choice, actions, choose
from sampan_hollow.rendering import TemplateError
from sampan_hollow.stages import Stage
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import LEASES, NODES, PODS

log = logging.getLogger(__name__)

GRID = 1.0  # seconds: leases are renewed in batches, all that are due within one of these together
RESOURCES = {"Node": NODES, "Pod": PODS}
WORKERS = 4
_WHAT = "hollow: %s"
_NODES, _OBJECTS, _LEASES = range(3)  # lanes of the queue


class Plan(NamedTuple):
    """The stage that an object enters at ``due``, chosen for its state at ``revision``."""

    stage: Stage
    due: float
    revision: int


class Machine:
    """``port``: of the server that answers for all nodes, 0 for none. ``clock``: seconds since the epoch."""

    def __init__(
        self, client: Client, settings: Any, stages: Sequence[Stage], *, clock: Callable[[], float], random: Random,
        recorder: Recorder, version: str, port: int = 0, keep: Callable[[Object], Object] | None = None,
    ) -> None:  # fmt: skip
        self._client, self._settings = client, settings
        self._clock, self._random, self._recorder = clock, random, recorder
        self._version, self._port = version, port
        self._started = clock()
        self.stages: dict[str, list[Stage]] = {}
        self._lock = threading.RLock()  # plans are made by the watch and by workers
        self._plans: dict[tuple[str, str, str], Plan] = {}
        self._written: dict[tuple[str, str, str], int] = {}  # the revision of our own last write
        self._leases: dict[str, dict[str, str]] = {}
        self._members: dict[str, set[tuple[str, str]]] = {}  # node → its pods
        self._pods_by_uid = Pool(settings.pod_cidr)
        self._addresses = Pool(str(LOOPBACK))
        self._by_address: dict[str, str] = {}
        self._queue = Queue([WORKERS, WORKERS, WORKERS], clock)
        self._set(stages)
        self.nodes = Informer(client, NODES, on_change=self._node_changed, on_synced=self._synced)
        self.pods = Informer(client, PODS, on_change=self._pod_changed, on_synced=self._synced, keep=keep)

    def start(self) -> None:
        """Begin to watch."""
        self.nodes.start()
        self.pods.start()

    def close(self) -> None:
        self._queue.close()
        self.nodes.stop()
        self.pods.stop()

    def use(self, stages: Sequence[Stage]) -> None:
        """Other stages from now on: every object is looked at again."""
        self._set(stages)
        for kind, resource in (("Node", self.nodes), ("Pod", self.pods)):
            for obj in resource.list():
                self._plan(kind, obj)

    def registered(self) -> bool:
        """Whether all nodes of the set are there."""
        names = (nodes.name_of(self._settings.name, number) for number in range(1, self._settings.nodes + 1))
        return self.nodes.synced and all(self.nodes.get(name) is not None for name in names)

    def manages(self, name: str) -> bool:
        """Whether that is a node which is served here, and not lost."""
        node = self.nodes.get(name)
        return node is not None and self._serves("Node", node)

    def held_at(self, address: str) -> list[Object]:
        """The pods of the node with that address."""
        name = self._by_address.get(address, "")
        pods = (self.pods.get(pod, namespace) for namespace, pod in list(self._members.get(name, ())))
        return [pod for pod in pods if pod is not None]

    def _set(self, stages: Sequence[Stage]) -> None:
        self.stages = {kind: [stage for stage in stages if stage.kind == kind] for kind in RESOURCES}
        self._plans.clear()

    # What has changed

    def _synced(self) -> None:
        if not (self.nodes.synced and self.pods.synced):
            return
        for number in range(1, self._settings.nodes + 1):
            node = self.nodes.get(nodes.name_of(self._settings.name, number))
            if node is None or self._is_elsewhere(node):
                self._queue.add(Item(_NODES, number))
        for node in self.nodes.list():
            if self._is_surplus(node):
                self._queue.add(Item(_NODES, node["metadata"]["name"]))
        for lane in (_NODES, _OBJECTS, _LEASES):
            self._queue.open(lane)

    def _is_elsewhere(self, node: Object) -> bool:
        """Whether a former process served it, at another port."""
        ours = (node["metadata"].get("labels") or {}).get(nodes.SET) == self._settings.name
        return bool(self._port and ours and nodes.port_of(node) != self._port)

    def _is_surplus(self, node: Object) -> bool:
        labels, base = node["metadata"].get("labels") or {}, self._settings.name
        number = node["metadata"]["name"].removeprefix(f"{base}-")
        return bool(labels.get(nodes.SET) == base and number.isdigit() and int(number) > self._settings.nodes)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        node = new or old
        assert node is not None
        name = node["metadata"]["name"]
        if new is None or not nodes.is_managed(new):
            self._leases.pop(name, None)
            self._plans.pop(("Node", "", name), None)
            return
        if old is None or not nodes.is_managed(old):
            self._addresses.keep(name, nodes_address(new))
            self._queue.add(Item(_LEASES, name))
            self._look_at_pods(name)
        elif nodes.is_lost(old) and not nodes.is_lost(new):
            self._queue.add(Item(_LEASES, name))
            self._look_at_pods(name)
        self._by_address[nodes_address(new)] = name
        self._plan("Node", new)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        pod = new or old
        assert pod is not None
        metadata, node = pod["metadata"], pod["spec"].get("nodeName")
        place = metadata["namespace"], metadata["name"]
        if new is None:
            self._plans.pop(("Pod", *place), None)
            self._written.pop(("Pod", *place), None)
            self._pods_by_uid.release(metadata["uid"])
            if node in self._members:
                self._members[node].discard(place)
            return
        if node:
            self._members.setdefault(node, set()).add(place)
            if address := (new.get("status") or {}).get("podIP"):
                self._pods_by_uid.keep(metadata["uid"], address)
            self._plan("Pod", new)

    def _look_at_pods(self, node: str) -> None:
        for namespace, name in list(self._members.get(node, ())):
            pod = self.pods.get(name, namespace)
            if pod is not None:
                self._plan("Pod", pod)

    def _serves(self, kind: str, obj: Object) -> bool:
        """Whether the object is on, or is, a managed node that is not lost."""
        node = obj if kind == "Node" else self.nodes.get(obj["spec"].get("nodeName") or "")
        return node is not None and nodes.is_managed(node) and not nodes.is_lost(node)

    def _plan(self, kind: str, obj: Object) -> None:
        """Find the object's next stage; one that is planned already keeps its time."""
        key = (kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        revision = int(obj["metadata"].get("resourceVersion") or 0)
        with self._lock:
            if revision < self._written.get(key, 0):
                return  # older than what was written here
            known, now = self._plans.get(key), self._clock()
            if not self.stages[kind] or not self._serves(kind, obj):
                self._plans.pop(key, None)
                return
            if known is None or not known.stage.takes(obj):
                choice: Choice | None = choose(obj, self.stages[kind], now, self._random)
                if choice is None:
                    self._plans.pop(key, None)
                    return
                known = Plan(choice.stage, now + choice.delay, revision)
            self._plans[key] = known._replace(revision=revision)
            self._queue.add_after(Item(_OBJECTS, key), known.due - now)

    # Working

    def work(self) -> None:
        """Turns on this thread until ``close``."""
        work_off(self._queue, self._handle, log=log, what=_WHAT)

    def turn(self) -> bool:
        return work_one(self._queue, self._handle, log=log, what=_WHAT)

    def due(self) -> float | None:
        return self._queue.due()

    def _handle(self, item: Item) -> None:
        key: Any = item.key
        with suppress(NotFound):  # it went away
            if item.lane == _NODES:
                self._register(key) if isinstance(key, int) else self._client.delete(NODES, key)
            elif item.lane == _LEASES:
                self._beat(key)
            else:
                self._enter(key)

    def _register(self, number: int) -> None:
        name = nodes.name_of(self._settings.name, number)
        if self.nodes.get(name) is not None:
            patch = {"status": {"daemonEndpoints": nodes.endpoints(self._port)}}
            self._client.patch(NODES, name, patch, how="merge", subresource="status")
            return
        address = self._addresses.take(name)
        made = nodes.node_object(self._settings, number, address, self._port, self._version, self._clock())
        try:
            self._client.create(NODES, made)
        except AlreadyExists:
            return

    def _beat(self, name: str) -> None:
        """Renew the lease of one node. Leases of a large set are spread over the interval by their first beats."""
        node = self.nodes.get(name)
        if node is None or not nodes.is_managed(node) or nodes.is_lost(node):
            return
        uid, known, seconds = node["metadata"]["uid"], self._leases.get(name), self._settings.lease_seconds
        now = self._clock()
        try:
            if known is None:
                found = self._client.create(LEASES, nodes.lease_object(name, seconds, uid, now))
            else:
                found = self._client.update(LEASES, nodes.lease_object(name, seconds, uid, now, known))
        except (AlreadyExists, Conflict):
            found = self._client.get(LEASES, name, nodes.LEASE_NAMESPACE)
            self._remember(name, found)
            found = self._client.update(LEASES, nodes.lease_object(name, seconds, uid, now, self._leases[name]))
        except NotFound:
            self._leases.pop(name, None)
            self._queue.add_after(Item(_LEASES, name), 1.0)
            return
        self._remember(name, found)
        early = self._random.random() if known is None else 0.0
        due = now + self._settings.renew_every * (1.0 - 0.5 * early)
        self._queue.add_after(Item(_LEASES, name), due // GRID * GRID - now)

    def _remember(self, name: str, lease: Object) -> None:
        metadata = lease["metadata"]
        self._leases[name] = {"resourceVersion": metadata["resourceVersion"], "uid": metadata["uid"]}

    def _enter(self, key: tuple[str, str, str]) -> None:
        """Perform the planned stage, if it is time and the object still fits."""
        kind, namespace, name = key
        plan = self._plans.get(key)
        informer = self.nodes if kind == "Node" else self.pods
        obj = informer.get(name, namespace)
        if plan is None or obj is None or not self._serves(kind, obj):
            return
        now = self._clock()
        if plan.due > now + 1e-6:
            self._queue.add_after(Item(_OBJECTS, key), plan.due - now)
            return
        if not plan.stage.takes(obj):
            self._plans.pop(key, None)
            self._plan(kind, obj)
            return
        self._plans.pop(key, None)  # before: what the watch shows of our write is planned as it arrives
        try:
            result = self._perform(kind, {"apiVersion": "v1", "kind": kind, **obj}, plan.stage)
        except NotFound:
            return
        except TemplateError as error:
            log.warning(
                "hollow: %s %s: stage %s: %s; it stays as it is until it changes", kind, name, plan.stage.name, error
            )
            return
        except (StatusError, ConnectionError):
            self._plans.setdefault(key, plan)
            raise
        if result is None:
            return
        with self._lock:
            self._written[key] = written = int(result["metadata"].get("resourceVersion") or 0)
            known = self._plans.get(key)
            if known is not None and known.revision < written:
                del self._plans[key]
        if plan.stage.immediate:
            self._plan(kind, result)

    def _perform(self, kind: str, obj: Object, stage: Stage) -> Object | None:
        """Returns what the last patch has written."""
        written: Object | None = None
        for action in actions(obj, RESOURCES[kind], stage, self._given(kind, obj)):
            written = self._one(action) or written
        return written

    def _one(self, action: Action) -> Object | None:
        match action:
            case Patch():
                return self._client.patch(
                    action.resource, action.name, action.patch, action.namespace, how=action.how,
                    subresource=action.subresource,
                )  # fmt: skip
            case Remove():
                self._client.delete(action.resource, action.name, action.namespace, uid=action.uid, grace=action.grace)
            case Emit():
                self._recorder.event(action.about, action.type, action.reason, action.message)
        return None

    # What templates ask for

    def _given(self, kind: str, obj: Object) -> Mapping[str, Callable[..., Any]]:
        now = now_text(self._clock())
        own = obj["metadata"]["name"] if kind == "Node" else obj["spec"].get("nodeName") or ""
        return {
            "Now": lambda: now, "StartTime": lambda: now_text(self._started), "Version": lambda: self._version,
            "NodeConditions": lambda: [dict(each) for each in nodes.CONDITIONS],
            "NodeIP": lambda: self._node_ip(own), "NodeName": lambda: own, "NodePort": lambda: self._port,
            "NodeIPWith": self._node_ip, "NodeIPsWith": lambda name: [self._node_ip(name)],
            "PodIP": lambda: self._pods_by_uid.take(obj["metadata"].get("uid", "")),
            "PodIPWith": lambda *args: self._pod_ip(*args), "PodIPsWith": lambda *args: [self._pod_ip(*args)],
        }  # fmt: skip

    def _node_ip(self, name: str) -> str:
        node = self.nodes.get(name or "")
        return (nodes_address(node) if node else "") or self._addresses.take(name or "")

    def _pod_ip(self, node: str, host: Any, uid: str, *_: Any) -> str:
        return self._node_ip(node) if host else self._pods_by_uid.take(uid)


def nodes_address(node: Object) -> str:
    """The node's InternalIP, "" without one."""
    found: Iterable[Mapping[str, str]] = (node.get("status") or {}).get("addresses") or ()
    return next((each.get("address", "") for each in found if each.get("type") == "InternalIP"), "")
