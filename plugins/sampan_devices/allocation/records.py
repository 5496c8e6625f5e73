"""What the search for devices works with. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.quantities import Quantity


class AllocationError(Exception):
    """Why devices cannot be allocated at all, in upstream's words: the claim, its class or a pool is wrong."""


class DeviceId(NamedTuple):
    driver: str
    pool: str
    device: str


class Candidate(NamedTuple):
    """A device of a slice that can be used on the node."""

    id: DeviceId
    device: Object
    slice: Object


class Node(NamedTuple):
    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Pool:
    """A pool as one node sees it. ``counters``: nanos of each counter, by set; ``everywhere``: the devices of the whole
    pool, whose consumption counts."""

    driver: str
    name: str
    candidates: Sequence[Candidate] = ()
    everywhere: Sequence[tuple[DeviceId, Object]] = ()
    counters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    incomplete: bool = False
    invalid: str = ""


class InUse(NamedTuple):
    """What is allocated already: whole devices, and how much (in nanos) of the capacities of shared ones."""

    devices: Mapping[DeviceId, int]
    capacity: Mapping[DeviceId, Mapping[str, int]]


class Wanted(NamedTuple):
    """One request, or one alternative of a request."""

    name: str  # request, or request/alternative
    request: str
    spec: Object
    klass: Object
    number: int  # of devices
    all: Sequence[Candidate] | None  # of a request for all devices: these


class Taken(NamedTuple):
    """A device that was found for a request."""

    wanted: Wanted
    candidate: Candidate
    share: str  # "" where the device is not shared
    consumed: Mapping[str, Quantity]


#: Whether a device satisfies a CEL expression. Raises AllocationError.
Matches = Callable[[str, Candidate], bool]
