"""This node in the API: the Node object, its status on change, the Lease as heartbeat."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, SampanError
from sampan_machinery.metadata import copy, get_condition, micro_text, now_text, set_condition
from sampan_machinery.resources import LEASES, NODES
from sampan_node.machine_facts import architecture

log = logging.getLogger(__name__)

HEARTBEAT, LEASE_SECONDS, STATUS_EVERY, PROBLEM_EVERY = 10.0, 40, 300.0, 20.0
LOOK_EVERY = 20.0  # seconds between two looks at what the API says of this node
AGAIN = 2.0  # seconds until a heartbeat that failed is tried again, and a problem is looked at again
LEASE_NAMESPACE = "kube-node-lease"
HEALTHY = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
PRESSED = {
    "MemoryPressure": ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    "DiskPressure": ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    "PIDPressure": ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
}


def labels(name: str) -> dict[str, str]:
    arch = architecture()
    return {
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": arch,
        "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": arch,
    }  # fmt: skip


#: Features of Kubernetes that pods may need of their node, and that this agent has (KEP-5328).
DECLARED = ("RestartAllContainersOnContainerExits",)


def status_of(
    old: Object, *, name: str, ip: str, port: int, capacity: Mapping[str, str], info: Mapping[str, str], now: str,
    problem: str = "", pressures: Collection[str] = (), devices: Mapping[str, tuple[int, int]] | None = None,
) -> Object:  # fmt: skip
    """The Node's status; resources that others added to capacity stay. ``devices``: capacity and allocatable amounts of
    what plugins offer."""
    status: Object = copy(old)
    offered = devices or {}
    every, usable = ({name: str(amounts[place]) for name, amounts in offered.items()} for place in (0, 1))
    status["capacity"] = {**(old.get("capacity") or {}), **capacity, **every}
    status["allocatable"] = {**(old.get("allocatable") or {}), **capacity, **usable}
    status["addresses"] = [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}]
    status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": port}}
    status["nodeInfo"] = dict(info)
    status["declaredFeatures"] = list(DECLARED)
    for type, reason, message in HEALTHY:
        word = "True" if type in pressures else "False"
        reason, message = PRESSED[type] if type in pressures else (reason, message)
        set_condition(status, type, word, now=now, reason=reason, message=message)
    if problem:
        set_condition(status, "Ready", "False", now=now, reason="KubeletNotReady", message=problem)
    else:
        set_condition(
            status, "Ready", "True", now=now, reason="KubeletReady", message="kubelet is posting ready status"
        )
    return status


def skeleton(name: str) -> Object:
    """A Node that says nothing of its state yet."""
    return {
        "kind": "Node", "apiVersion": "v1",
        "metadata": {
            "name": name,
            "labels": labels(name),
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {},
    }  # fmt: skip


class Registration:
    def __init__(
        self, client: Any, *, name: str, ip: str, port: int, capacity: Mapping[str, str], info: Mapping[str, str],
        devices: Callable[[], Mapping[str, tuple[int, int]]] = dict,
    ) -> None:  # fmt: skip
        """``devices()``: what plugins offer now; asked with each heartbeat."""
        self._client, self._name = client, name
        self._devices, self._offered = devices, devices()
        self._facts: dict[str, Any] = {"name": name, "ip": ip, "port": port, "capacity": capacity, "info": info}
        self._node: Object = {}
        self._told = 0.0
        self._problem, self._asked, self._looked = "", time.time(), time.time()
        self._pressures: Collection[str] = ()
        #: Pressures and devices as they were told last.
        self._told_of: tuple[frozenset[str], Mapping[str, tuple[int, int]]] = (frozenset(), {})

    def register(self, problem: str = "") -> None:
        """Create the Node, or take over an existing one; it is Ready from here on, unless there is a ``problem``."""
        self._problem = problem
        status = status_of({}, now=now_text(time.time()), problem=problem, devices=self._offered, **self._facts)
        fresh: Object = {**skeleton(self._name), "status": status}
        try:
            self._node = self._client.create(NODES, fresh)
        except AlreadyExists:
            self._node = self._client.patch(NODES, self._name, {"metadata": {"labels": labels(self._name)}})
        self.tell(force=True)
        self._beat()

    @property
    def object(self) -> Object:
        return {"kind": "Node", "apiVersion": "v1", **self._node}

    def tell(self, *, force: bool = False) -> None:
        """Write the status where it changed, or anyway."""
        old = self._node.get("status") or {}
        now = now_text(time.time())
        status = status_of(
            old, now=now, problem=self._problem, pressures=self._pressures, devices=self._offered, **self._facts
        )  # fmt: skip
        for condition in status["conditions"]:
            if condition.get("type") in ("Ready", *(one[0] for one in HEALTHY)):
                condition["lastHeartbeatTime"] = now
        changed = {key: value for key, value in status.items() if old.get(key) != value}
        if not force and set(changed) <= {"conditions"} and time.time() - self._told < STATUS_EVERY:
            return
        self._node = self._client.patch(NODES, self._name, {"status": changed}, subresource="status", how="strategic")
        self._told, self._told_of = time.time(), (frozenset(self._pressures), self._offered)

    def shuts_down(self, problem: str) -> None:
        """Say once that no pod can run here any more."""
        self._problem = problem
        self.tell(force=True)

    def keep(
        self, stop: threading.Event, *, problem: Callable[[], str] = lambda: "",
        pressures: Callable[[], Collection[str]] = tuple, removed: Callable[[str], None] | None = None,
        back: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Heartbeats until stopped. Failures are logged once and tried again. A Node that was deleted is made again;
        where ``removed`` is given, it is told so once instead, and there are no more heartbeats.

        ``problem()`` says why pods cannot run here, "" where they can; it is asked every PROBLEM_EVERY seconds, and
        more often while there is one.
        ``pressures()`` says which of the node's resources are short; it is asked with each heartbeat.
        ``back()`` is called when a heartbeat comes through after failures, and when the API had called the node lost.
        """
        failing = False
        while not stop.wait(AGAIN if failing or self._problem else HEARTBEAT):
            try:
                try:
                    self._beat()
                finally:  # pods are evicted while the API is away, too
                    self._pressures = pressures()
                self._offered = self._devices()
                is_untold = (frozenset(self._pressures), self._offered) != self._told_of
                news = self._is_news(problem) or is_untold
                contradicted = self._is_contradicted(was_away=failing)
                if news or contradicted or time.time() - self._told >= STATUS_EVERY:
                    self._node = self._client.get(NODES, self._name)
                    self.tell(force=True)
                if failing or contradicted:
                    back()
                failing = False
            except NotFound:
                if removed is not None and self._is_gone():
                    log.warning("node: the node %s was removed from the cluster", self._name)
                    removed(self._name)
                    stop.wait()
                    return
                self._again(stop)
            except (SampanError, OSError) as error:
                if not failing:
                    log.warning("node: heartbeat failed, trying again: %s", error)
                failing = True

    def _is_news(self, problem: Callable[[], str]) -> bool:
        if not self._problem and time.time() - self._asked < PROBLEM_EVERY:
            return False
        before, self._problem, self._asked = self._problem, problem(), time.time()
        return before != self._problem

    def _is_contradicted(self, *, was_away: bool) -> bool:
        """Whether the API says otherwise of this node than the node itself: it is called lost when no heartbeat has
        come through for a while, and heartbeats alone do not take that back."""
        if not was_away and time.time() - self._looked < LOOK_EVERY:
            return False
        self._looked = time.time()
        ready = get_condition(self._client.get(NODES, self._name).get("status"), "Ready")
        return (ready or {}).get("status") != ("False" if self._problem else "True")

    def _is_gone(self) -> bool:
        """Whether the Node itself is gone, and not its Lease alone."""
        try:
            self._client.get(NODES, self._name)
        except NotFound:
            return True
        except (SampanError, OSError) as error:
            log.debug("node: whether the node was removed is not known: %s", error)
        return False

    def _again(self, stop: threading.Event) -> None:
        """The Node or its Lease was deleted: create it again."""
        try:
            self.register(self._problem)
        except (SampanError, OSError) as error:
            log.warning("node: cannot register again: %s", error)

    def _beat(self) -> None:
        spec = {
            "holderIdentity": self._name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": micro_text(time.time()),
        }
        try:
            self._client.patch(LEASES, self._name, {"spec": spec}, LEASE_NAMESPACE)
        except NotFound:
            meta = self._node.get("metadata") or {}
            owner = {"apiVersion": "v1", "kind": "Node", "name": self._name, "uid": meta.get("uid", "")}
            lease = {
                "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
                "metadata": {"name": self._name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]},
                "spec": spec,
            }  # fmt: skip
            self._client.create(LEASES, lease, LEASE_NAMESPACE)
