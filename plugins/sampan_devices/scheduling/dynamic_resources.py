"""DynamicResources: nodes on which a pod's claims to devices are, or can be, allocated; once a node is chosen, the
writes that allocate and reserve them. Source: upstream's plugin of this name, its wording too (KEP-4381).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_devices import limits
from sampan_devices.allocation.pools import Pools
from sampan_devices.allocation.records import AllocationError, Node
from sampan_devices.allocation.results import allocation_of as allocation_from
from sampan_devices.allocation.search import Search
from sampan_devices.allocations import results_of
from sampan_devices.scheduling import writes
from sampan_devices.scheduling.extended import (
    claim_for,
    classes_of,
    is_offered,
    may_ask,
    requests_for,
    shortage,
    status_of,
)
from sampan_devices.scheduling.ledger import Ledger
from sampan_devices.scheduling.objects import DeviceObjects
from sampan_devices.scheduling.readiness import TIMEOUT, is_late, readiness, waits
from sampan_podspec.device_claims import allocation_of, claims_of, is_reserved_for, reservations, uses_claims
from sampan_podspec.node_affinity import term_matches
from sampan_scheduling.contracts import UNCHECKED, NodeView, SchedulerHandle, Snapshot, State, Verdict

_STARTING = "waiting for the state of ResourceClaims, DeviceClasses and ResourceSlices"
_ELSEWHERE = "resourceclaim not available on the node"
MOST_STEPS = (
    500_000  # of all searches for one pod, on whatever nodes: the scheduler decides about nothing else meanwhile
)


@dataclass
class PodState:
    """Of one scheduling cycle. ``found``: allocations of the claims that have none, by node."""

    claims: list[Object]
    open: list[Object]
    pools: Pools | None
    found: dict[str, list[Object]] = field(default_factory=dict)
    unavailable: dict[str, Object] = field(default_factory=dict)  # claims that keep the pod from a node, by uid
    bound: list[Object] | None = None  # as pre_bind has written them
    steps: int = 0
    extended: dict[str, str] = field(default_factory=dict)  # device classes of extended resources that the pod asks for
    special: dict[str, Special] = field(default_factory=dict)  # for these resources, by node
    made: Object | None = None  # the claim that was created for them


class Special(NamedTuple):
    """The claim for a pod's extended resources, as it would be made on one node."""

    claim: Object
    mappings: list[Object]
    allocation: Object


class DynamicResources:
    name, weight = "DynamicResources", 2

    def __init__(
        self, objects: DeviceObjects, ledger: Ledger, *, clock: Callable[[], float] = time.time,
        share: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:  # fmt: skip
        self._objects, self._ledger = objects, ledger
        self._clock, self._share = clock, share
        self._handle: Any = None
        self._waiting: dict[str, str] = {}  # a claim's uid -> that of the pod whose binding waits for its devices

    @staticmethod
    def concerns(pod: Object) -> bool:
        return uses_claims(pod) or may_ask(pod)

    def start(self, handle: SchedulerHandle) -> None:
        self._handle = handle

        def claim_changed(claim: Object, freed: bool) -> None:
            if uid := self._waiting.get(claim["metadata"]["uid"], ""):
                handle.ask_again(uid)
            namespace = claim["metadata"]["namespace"]
            handle.wake(lambda pod: self.concerns(pod) and (freed or pod["metadata"]["namespace"] == namespace))

        self._objects.on_claim = claim_changed
        self._objects.on_other = lambda: handle.wake(self.concerns)
        self._objects.start(handle.client)

    def stop(self) -> None:
        self._objects.stop()

    def pre_filter(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None:
        if not self._objects.ready():
            if uses_claims(pod):
                return Verdict(_STARTING, True)
            state[self.name] = PodState([], [], None)  # what device plugins offer is counted meanwhile
            return None
        claims = claims_of(pod, partial(self._objects.claim, pod["metadata"]["namespace"]))
        if isinstance(claims, str):
            return Verdict(claims, True)
        for claim in claims:
            if why := self._unusable(claim, pod):
                return Verdict(why, True)
        unallocated = [each for each in claims if allocation_of(each) is None]
        extended = classes_of(pod, self._objects.device_classes()) if may_ask(pod) else {}
        if extended and (left := self._objects.made_for(pod)) is not None:
            # Of a cycle that ended before the pod was bound: its devices may not suit any more.
            self._handle.submit(partial(writes.remove, self._handle.client, left))
            return Verdict("cannot schedule extended resource claim", True)
        pools = self._objects.pools() if unallocated or extended else None
        state[self.name] = PodState(claims, unallocated, pools, extended=extended)
        if extended:
            state[UNCHECKED] = frozenset(extended)
        return None

    def _unusable(self, claim: Object, pod: Object) -> str:
        """Why the pod has to wait, whatever the node."""
        metadata = claim["metadata"]
        if allocation_of(claim) is not None:
            is_full = len(reservations(claim)) >= limits.RESERVATIONS
            return "resourceclaim in use" if is_full and not is_reserved_for(claim, pod) else ""
        if self._ledger.promised(metadata["uid"]):
            return f"resource claim {metadata['namespace']}/{metadata['name']} is in the process of being allocated"
        for name, class_name in _classes(claim):
            if self._objects.device_class(class_name) is None:
                return f"request {name}: device class {class_name} does not exist"
        return ""

    def filter(self, state: State, pod: Object, node: NodeView) -> Verdict | None:
        known: PodState = state[self.name]
        place = Node(node.name, node.object["metadata"].get("labels") or {})
        unavailable = [each for each in known.claims if self._is_elsewhere(each, place)]
        if unavailable:
            known.unavailable |= {each["metadata"]["uid"]: each for each in unavailable}
            return Verdict(_ELSEWHERE, True)
        if known.pools is None:
            return None
        offered = [name for name in known.extended if is_offered(node.object, name)]
        if offered and (short := shortage(pod, node.object, node.pods, offered)):
            return Verdict(f"Insufficient {short}")
        asked = requests_for(pod, {name: known.extended[name] for name in known.extended if name not in offered})
        special = [claim_for(pod, asked.requests)] if asked.requests else []
        if not known.open and not special:
            return None
        try:
            found = self._allocate(known, place, special)
        except AllocationError as error:
            return Verdict(str(error), True)
        if found is None:
            return Verdict("cannot allocate all claims", True)
        if special:
            known.special[node.name] = Special(special[0], asked.mappings, found.pop())
        known.found[node.name] = found
        return None

    def _is_elsewhere(self, claim: Object, node: Node) -> bool:
        """Allocated on other nodes, or to devices that did not become ready."""
        allocation = allocation_of(claim)
        if allocation is None:
            return False
        if (selector := allocation.get("nodeSelector")) is not None:
            terms = selector.get("nodeSelectorTerms") or ()
            if not any(term_matches(term, node.labels, node.name) for term in terms):
                return True
        found = readiness(claim)
        return bool(found.failed) or (not found.ready and is_late(claim, self._clock()))

    def _allocate(self, known: PodState, node: Node, special: list[Object]) -> list[Object] | None:
        """Allocations of the claims that have none, then of ``special``, which there is not yet."""
        assert known.pools is not None
        if known.steps > MOST_STEPS:
            raise AllocationError(f"node {node.name}: timed out trying to allocate devices")
        claims = [*known.open, *special]
        search = Search(
            claims, known.pools.on(node), self._ledger.in_use, self._objects.device_class, self._objects.matches,
            self._share,
        )  # fmt: skip
        try:
            taken = search.run()
        finally:
            known.steps += search.steps
        if taken is None:
            return None
        return [allocation_from(claim, each, node) for claim, each in zip(claims, taken, strict=True)]

    def score_all(self, state: State, pod: Object, nodes: Snapshot, rows: Sequence[int]) -> list[float]:
        """Nodes where earlier alternatives of the requests can be had; 100 points for the best."""
        known: PodState = state[self.name]
        points = [_preferred(known.open, known.found.get(nodes.node(row).name) or ()) for row in rows]
        most = max(points, default=0)
        return [100 * each // most if most else 0 for each in points]

    def reserve(self, state: State, pod: Object, node: NodeView) -> None:
        known: PodState = state[self.name]
        for claim, allocation in zip(known.open, known.found.get(node.name) or (), strict=True):
            self._ledger.promise(claim["metadata"]["uid"], allocation)
        if (special := known.special.get(node.name)) is not None:
            self._ledger.promise(_unmade(pod), special.allocation)

    def unreserve(self, state: State, pod: Object, node: NodeView) -> None:
        """Called with the scheduler's lock held: what is to be written is written later."""
        known: PodState = state[self.name]
        for claim in known.claims:
            self._waiting.pop(claim["metadata"]["uid"], None)
        for claim in known.open:
            self._ledger.withdraw(claim["metadata"]["uid"])
        self._ledger.withdraw(_unmade(pod))
        if known.made is not None:
            self._ledger.withdraw(known.made["metadata"]["uid"])
            self._handle.submit(partial(writes.remove, self._handle.client, known.made))
        for claim in known.bound or ():
            self._handle.submit(partial(writes.release, self._handle.client, claim, pod))

    def pre_bind(self, state: State, pod: Object, node: NodeView) -> float:
        """Write what was reserved, then wait until the devices are ready. Raises where the pod needs another
        decision."""
        known: PodState = state[self.name]
        if known.bound is None:
            allocations = {
                claim["metadata"]["uid"]: found
                for claim, found in zip(known.open, known.found.get(node.name) or (), strict=True)
            }
            known.bound = []
            for claim in known.claims:
                allocation = allocations.get(claim["metadata"]["uid"])
                known.bound.append(writes.bind(self._handle.client, claim, pod, allocation, self._clock()))
            if (special := known.special.get(node.name)) is not None:
                known.bound.append(self._make(known, pod, special))
        late = [each for each in known.bound if waits(each) and not self._is_ready(each)]
        for each in late:
            self._waiting[each["metadata"]["uid"]] = pod["metadata"]["uid"]
        if not late:
            for each in known.bound:
                self._waiting.pop(each["metadata"]["uid"], None)
        return TIMEOUT if late else 0.0

    def _make(self, known: PodState, pod: Object, special: Special) -> Object:
        """Create the claim for the pod's extended resources, allocated and reserved."""
        client = self._handle.client
        known.made = made = writes.make(client, special.claim, pod, partial(status_of, mappings=special.mappings))
        self._ledger.promise(made["metadata"]["uid"], special.allocation)  # until the API shows it
        self._ledger.withdraw(_unmade(pod))
        return writes.bind(client, made, pod, special.allocation, self._clock())

    def _is_ready(self, bound: Object) -> bool:
        """As the API shows it now; raises where it never will be."""
        metadata = bound["metadata"]
        claim = self._objects.claim(metadata["namespace"], metadata["name"])
        if claim is None or claim["metadata"]["uid"] != metadata["uid"]:
            raise LookupError(f'resourceclaim "{metadata["name"]}" not found')
        if allocation_of(claim) is None:
            return False  # the informer has not seen our write
        found = readiness(claim)
        if found.failed:
            raise LookupError(found.failed)
        if not found.ready and is_late(claim, self._clock()):
            raise TimeoutError(f"device binding timeout: claim={metadata['name']}")
        return found.ready

    def post_filter(self, state: State, pod: Object, nodes: Snapshot, refused: dict[int, list[Verdict]]) -> str | None:
        """No node would do: give the devices of one claim back that only this pod needs, so that it may get others."""
        known: PodState | None = state.get(self.name)
        for claim in known.unavailable.values() if known is not None else ():
            if all(each.get("uid") == pod["metadata"]["uid"] for each in reservations(claim)):
                self._handle.submit(partial(writes.deallocate, self._handle.client, claim, pod))
                break
        return None


def _unmade(pod: Object) -> str:
    """In place of the uid of the claim for the pod's extended resources, before it is created."""
    return f"extended resources of {pod['metadata']['uid']}"


def _classes(claim: Object) -> list[tuple[str, str]]:
    """Each request's name, or request/alternative, and its class."""
    found = []
    for request in (claim["spec"].get("devices") or {}).get("requests") or ():
        if (exactly := request.get("exactly")) is not None:
            found.append((request["name"], exactly.get("deviceClassName") or ""))
        for each in request.get("firstAvailable") or ():
            found.append((f"{request['name']}/{each['name']}", each.get("deviceClassName") or ""))
    return found


def _preferred(claims: Sequence[Object], allocations: Sequence[Object]) -> int:
    """Points for each request with alternatives, the more the earlier the one stands that was taken."""
    points = 0
    for claim, allocation in zip(claims, allocations, strict=False):
        taken = {each["request"] for each in results_of({"allocation": allocation})}
        for request in (claim["spec"].get("devices") or {}).get("requests") or ():
            for place, each in enumerate(request.get("firstAvailable") or ()):
                if f"{request['name']}/{each['name']}" in taken:
                    points += limits.ALTERNATIVES - place
    return points
