"""The search for devices: the first combination that satisfies all requests of all claims on one node.

Depth first, in the order of pools, slices and devices, so that drivers choose by names what is taken first (as
upstream). Not recursive: a pod may ask for more devices than Python has stack frames. One generator for each decision
yields the next decision to be made, and undoes its own when it is resumed or closed.

Source: k8s.io/dynamic-resource-allocation/structured (meaning); KEP-4381, KEP-4816, KEP-5018, KEP-5055.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_devices import limits
from sampan_devices.allocation.constraints import Constraint, constraints_of
from sampan_devices.allocation.consumption import consumed_by
from sampan_devices.allocation.counters import Counters
from sampan_devices.allocation.records import (
    AllocationError,
    Candidate,
    DeviceId,
    InUse,
    Matches,
    Pool,
    Taken,
    Wanted,
)
from sampan_devices.taints import tolerates
from sampan_machinery.quantities import Quantity

MOST_STEPS = 50_000  # decisions on one node; upstream gives up after ten seconds
_PREVENTING = ("NoSchedule", "NoExecute")
_NO_CAPACITY: Mapping[str, int] = {}


class _Place(NamedTuple):
    """The decision that is to be made: which device is the ``number``-th of a request. ``alternative`` -1: not chosen
    yet. ``start``: the first candidate to try, so that no set of devices is tried in two orders."""

    claim: int = 0
    request: int = 0
    alternative: int = -1
    number: int = 0
    start: int = 0


class _TooMany(Exception):
    """A claim would get more devices than its status may list."""


_Decision = Generator[_Place | None]
_Frame = tuple[_Place, _Decision]


class Search:
    """For one pod's claims on one node; used once. ``share``: makes the id of a part of a shared device."""

    def __init__(
        self, claims: Sequence[Object], pools: Sequence[Pool], in_use: InUse, classes: Callable[[str], Object | None],
        matches: Matches, share: Callable[[], str],
    ) -> None:  # fmt: skip
        self._pools = {(each.driver, each.name): each for each in pools}
        self._candidates = [found for each in pools for found in each.candidates]
        self._in_use, self._matches, self._share = in_use, matches, share
        self._counters = Counters(in_use)
        self._suits: dict[tuple[int, str, DeviceId], bool] = {}
        self._busy: dict[DeviceId, list[int]] = {}  # device -> claims that have it in this search
        self._capacity: dict[DeviceId, dict[str, int]] = {}
        self._taken: list[list[Taken]] = [[] for _ in claims]
        self._constraints = [constraints_of(each) for each in claims]
        self._wanted = [[self._read(at, each, classes) for each in _requests(claim)] for at, claim in enumerate(claims)]
        self.steps = 0
        for claim, wanted in zip(claims, self._wanted, strict=True):
            least = sum(min(each.number for each in alternatives) for alternatives in wanted)
            if least > limits.RESULTS:
                name = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
                why = f"number of requested devices {least} exceeds the claim limit of {limits.RESULTS}"
                raise AllocationError(f"claim {name}: {why}")

    def run(self) -> list[list[Taken]] | None:
        """The devices of each claim; None: there are not enough. Raises AllocationError."""
        frames: list[_Frame] = [(_Place(), self._decide(_Place()))]
        try:
            while frames:
                self.steps += 1
                if self.steps > MOST_STEPS:
                    raise AllocationError("timed out trying to allocate devices")
                try:
                    following = next(frames[-1][1])
                except StopIteration:
                    frames.pop()
                except _TooMany:
                    _give_up_choice(frames)
                else:
                    if following is None:
                        return [list(each) for each in self._taken]
                    frames.append((following, self._decide(following)))
        finally:
            while frames:
                frames.pop()[1].close()
        invalid = any(each.invalid for each in self._pools.values())
        if invalid:
            raise AllocationError("invalid resource pools were encountered")
        return None

    def _read(self, claim: int, request: Object, classes: Callable[[str], Object | None]) -> list[Wanted]:
        """The alternatives of a request, one where it has no others."""
        name = request.get("name") or ""
        if (exactly := request.get("exactly")) is not None:
            return [self._want(claim, name, name, exactly, classes)]
        return [
            self._want(claim, f"{name}/{each.get('name')}", name, each, classes)
            for each in request.get("firstAvailable") or ()
        ] or _refuse(f"request {name}: unknown request type")

    def _want(
        self, claim: int, name: str, request: str, spec: Object, classes: Callable[[str], Object | None]
    ) -> Wanted:
        class_name = spec.get("deviceClassName") or ""
        klass = classes(class_name)
        if klass is None:
            raise AllocationError(f"request {name}: device class {class_name} does not exist")
        if spec.get("allocationMode") != "All":
            return Wanted(name, request, spec, klass, int(spec.get("count") or 1), None)
        for pool in self._pools.values():
            if pool.incomplete or pool.invalid:
                state = "invalid" if pool.invalid else "being updated"
                why = f"asks for all devices, but resource pool {pool.driver}/{pool.name} is currently {state}"
                raise AllocationError(f"request {name}: {why}")
        wanted = Wanted(name, request, spec, klass, 0, ())
        everything = [each for each in self._candidates if self._is_suitable(claim, wanted, each)]
        everything = [each for each in everything if consumed_by(spec, each.device) is not None]
        return wanted._replace(number=len(everything), all=everything)

    def _decide(self, at: _Place) -> _Decision:
        """The decisions that may follow, one after the other; None: all claims have what they ask for."""
        if at.claim == len(self._wanted):
            yield None
            return
        requests = self._wanted[at.claim]
        if at.request == len(requests):
            yield _Place(at.claim + 1)
            return
        alternatives = requests[at.request]
        if at.alternative < 0:
            for number in range(len(alternatives)):
                yield at._replace(alternative=number)
            return
        wanted = alternatives[at.alternative]
        if wanted.all is not None and not wanted.all:
            return
        if at.number >= wanted.number:
            yield _Place(at.claim, at.request + 1)
            return
        if len(self._taken[at.claim]) + wanted.number - at.number > limits.RESULTS:
            raise _TooMany
        yield from self._devices(at, wanted)

    def _devices(self, at: _Place, wanted: Wanted) -> Iterator[_Place]:
        everything = wanted.all is not None
        candidates = self._candidates if wanted.all is None else wanted.all
        places = [at.number] if everything else range(at.start, len(candidates))
        for place in places:
            candidate = candidates[place]
            if not self._is_free(at.claim, wanted, candidate.id):
                continue
            if not everything and not self._is_suitable(at.claim, wanted, candidate):
                continue
            undo = self._take(at.claim, wanted, candidate, must=everything)
            if undo is None:
                continue
            try:
                yield at._replace(number=at.number + 1, start=place + 1)
            finally:
                undo()

    def _is_free(self, claim: int, wanted: Wanted, device: DeviceId) -> bool:
        """Access for administrators shares a device with others, but not with another request of its claim."""
        here = self._busy.get(device, ())
        if wanted.spec.get("adminAccess"):
            return claim not in here
        return not here and device not in self._in_use.devices

    def _is_suitable(self, claim: int, wanted: Wanted, candidate: Candidate) -> bool:
        """Whether its class's selectors and its own select the device."""
        key = claim, wanted.name, candidate.id
        if (known := self._suits.get(key)) is None:
            class_spec = wanted.klass.get("spec") or {}
            selectors = [*(class_spec.get("selectors") or ()), *(wanted.spec.get("selectors") or ())]
            known = all(self._matches((each.get("cel") or {}).get("expression") or "", candidate) for each in selectors)
            self._suits[key] = known
        return known

    def _take(self, claim: int, wanted: Wanted, candidate: Candidate, *, must: bool) -> Callable[[], None] | None:
        """Count the device as allocated; returns what undoes it, None where it cannot be had."""
        device, found = candidate.device, candidate.id
        if not _is_tolerated(device, wanted.spec):
            return None
        shared = bool(device.get("allowMultipleAllocations"))
        used = self._used(found)
        consumed = consumed_by(wanted.spec, device, used)
        if consumed is None:
            return None
        pool = self._pools[found.driver, found.pool]
        in_part = shared and (found in self._in_use.capacity or found in self._capacity)
        counts = bool(device.get("consumesCounters")) and not in_part
        if counts and not self._counters.take(pool, device):
            return None
        if not self._constrain(claim, wanted, candidate):
            if counts:
                self._counters.give_back(pool, device)
            if must:
                why = f"cannot add device {'/'.join(found)} because a claim constraint would not be satisfied"
                raise AllocationError(f"request {wanted.name}: {why}")
            return None
        before = self._capacity.get(found)
        if shared:
            self._capacity[found] = _sum(before or _NO_CAPACITY, consumed)
        else:
            self._busy.setdefault(found, []).append(claim)
        part = Taken(wanted, candidate, self._share(), consumed) if shared else Taken(wanted, candidate, "", {})
        self._taken[claim].append(part)

        def undo() -> None:
            self._taken[claim].pop()
            for constraint in self._constraints[claim]:
                constraint.remove(wanted)
            if counts:
                self._counters.give_back(pool, device)
            if not shared:
                self._busy[found].remove(claim)
            elif before is None:
                del self._capacity[found]
            else:
                self._capacity[found] = before

        return undo

    def _used(self, device: DeviceId) -> Mapping[str, int]:
        before, now = self._in_use.capacity.get(device), self._capacity.get(device)
        if before is None or now is None:
            return before or now or _NO_CAPACITY
        return {name: before.get(name, 0) + now.get(name, 0) for name in {*before, *now}}

    def _constrain(self, claim: int, wanted: Wanted, candidate: Candidate) -> bool:
        """All constraints of the claim, or none of them, count the device."""
        added: list[Constraint] = []
        for constraint in self._constraints[claim]:
            if not constraint.add(wanted, candidate):
                for each in added:
                    each.remove(wanted)
                return False
            added.append(constraint)
        return True


def _give_up_choice(frames: list[_Frame]) -> None:
    """Back to the newest choice between alternatives in this claim, or to the claim before: other devices for the same
    requests would be as many."""
    claim = frames.pop()[0].claim
    while frames and frames[-1][0].claim == claim:
        place, decision = frames[-1]
        if place.alternative < 0:
            return
        decision.close()
        frames.pop()


def _refuse(why: str) -> list[Wanted]:
    raise AllocationError(why)


def _requests(claim: Object) -> Sequence[Object]:
    return (claim["spec"].get("devices") or {}).get("requests") or ()


def _sum(before: Mapping[str, int], consumed: Mapping[str, Quantity]) -> dict[str, int]:
    found = dict(before)
    for name, amount in consumed.items():
        found[name] = found.get(name, 0) + amount.nanos
    return found


def _is_tolerated(device: Object, request: Object) -> bool:
    tolerations = request.get("tolerations") or ()
    return all(
        any(tolerates(each, taint) for each in tolerations)
        for taint in device.get("taints") or ()
        if taint.get("effect") in _PREVENTING
    )
