"""Whether this node takes a pod that was bound to it: by the scheduler, or by another client.

Source: kubelet's admission handlers and its words (OutOfcpu, OutOfpods, NodePorts).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_node.housekeeping import pressure
from sampan_node.pod import sysctls
from sampan_podspec.containers import walk
from sampan_podspec.requests import pod_requests

ANYWHERE = ("", "0.0.0.0")
REJECTED, RESOURCE, CAPACITY = (
    "Pod was rejected: ", "Node didn't have enough resource", "Node didn't have enough capacity",
)  # fmt: skip


class Refusal(NamedTuple):
    reason: str
    message: str


def refusal(pod: Object, others: Iterable[Object], allocatable: Mapping[str, str]) -> Refusal | None:
    """Why the pod does not fit beside the others; None where it does."""
    others = list(others)
    if "pods" in allocatable and len(others) + 1 > int(allocatable["pods"]):
        return _short("pods", 1, len(others), int(allocatable["pods"]))
    used = [pod_requests(other["spec"]) for other in others]
    for name, wanted in pod_requests(pod["spec"]).items():
        if name not in allocatable or not wanted:
            continue
        taken = sum((one.get(name, Fraction(0)) for one in used), Fraction(0))
        offered = Fraction(quantities.parse(allocatable[name]))
        if taken + wanted > offered:
            unit = 1000 if name == "cpu" else 1
            return _short(name, int(wanted * unit), int(taken * unit), int(offered * unit))
    mine = list(_host_ports(pod))
    if any(_clash(one, other) for there in others for other in _host_ports(there) for one in mine):
        text = "node(s) didn't have free ports for the requested pod ports"
        return Refusal("NodePorts", f"Pod was rejected: Predicate NodePorts failed: {text}")
    return None


def _short(name: str, wanted: int, used: int, capacity: int) -> Refusal:
    numbers = f"requested: {wanted}, used: {used}, capacity: {capacity}"
    return Refusal(f"OutOf{name}", f"{REJECTED}{RESOURCE}: {name}, {numbers}")


def _host_ports(pod: Object) -> Iterator[tuple[str, str, int]]:
    for _, container in walk(pod["spec"]):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield port.get("hostIP") or "", port.get("protocol", "TCP"), port["hostPort"]


def _clash(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    same_address = one[0] == other[0] or one[0] in ANYWHERE or other[0] in ANYWHERE
    return same_address and one[1:] == other[1:]


class PodAdmission:
    """The pods that this node has taken and that still hold what they asked for."""

    def __init__(self, allocatable: Mapping[str, str], allowed: Sequence[str] = ()) -> None:
        """``allowed``: sysctls that pods may set beside the safe ones."""
        self._allocatable, self._allowed = allocatable, allowed
        self.conditions: frozenset[str] = frozenset()  # what the node is short of now
        self._shutting_down = False
        self._lock = threading.Lock()
        self._taken: dict[str, Object] = {}
        self._waiting: dict[str, Callable[[], None]] = {}  # uid -> what wakes a pod whose resize does not fit yet

    def take(self, pod: Object, *, anyway: bool = False) -> Refusal | None:
        """Count the pod as taken, unless it does not fit; ``anyway``: it was taken before the agent started."""
        uid = pod["metadata"]["uid"]
        with self._lock:
            if uid in self._taken:
                return None
            found = None if anyway else self._refusal(pod)
            if found is None:
                self._taken[uid] = pod
            return found

    def shuts_down(self) -> None:
        """No further pod is taken."""
        self._shutting_down = True

    def _refusal(self, pod: Object) -> Refusal | None:
        if self._shutting_down:
            return Refusal("NodeShutdown", "Pod was rejected as the node is shutting down.")
        if text := sysctls.forbidden(pod, self._allowed):
            return Refusal(sysctls.REASON, text)
        if text := pressure.refuses(pod, self.conditions):
            return Refusal("Evicted", text)
        return refusal(pod, self._taken.values(), self._allocatable)

    def resize(self, pod: Object) -> Refusal | None:
        """Count the pod with its new requests, unless they do not fit: Infeasible if never, else Deferred."""
        uid = pod["metadata"]["uid"]
        with self._lock:
            if alone := refusal(pod, (), self._allocatable):
                text = alone.message.replace(REJECTED, "").replace(RESOURCE, CAPACITY).replace(" used: 0,", "")
                return Refusal("Infeasible", text)
            others = [other for name, other in self._taken.items() if name != uid]
            if found := refusal(pod, others, self._allocatable):
                return Refusal("Deferred", found.message.replace(REJECTED, ""))
            self._taken[uid] = pod
            return None

    def waits(self, uid: str, wake: Callable[[], None]) -> None:
        """``wake`` is called whenever room is given back, until the pod no longer waits."""
        with self._lock:
            self._waiting[uid] = wake

    def no_longer_waits(self, uid: str) -> None:
        with self._lock:
            self._waiting.pop(uid, None)

    def release(self, uid: str) -> None:
        """The pod holds nothing any more."""
        with self._lock:
            known = self._taken.pop(uid, None)
            self._waiting.pop(uid, None)
            waiting = list(self._waiting.values()) if known else []
        for wake in waiting:
            wake()
