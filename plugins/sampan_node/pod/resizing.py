"""Resizing containers in place: what of the wanted resources this node has granted. Pure; resizer.py acts.

Wanted is what the spec says, granted what this node has taken it on for, actual what the runtime was last told. After
a restart of the agent what is granted is read from the status. Source: KEP-1287, kubelet's words for conditions and
events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_podspec.requests import COMPUTE

LISTS = ("initContainers", "containers")
STATUSES = ("initContainerStatuses", "containerStatuses")
PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"


class Standing(NamedTuple):
    """One of the two conditions."""

    reason: str
    message: str
    generation: int


@dataclass
class Resizing:
    """What the agent remembers of one pod's resizes."""

    granted: dict[str, Object] = field(default_factory=dict)  # container -> resources
    actual: dict[str, Object] = field(default_factory=dict)  # container -> resources its running one has
    pending: Standing | None = None
    progress: Standing | None = None

    def conditions(self) -> dict[str, Standing]:
        found = {PENDING: self.pending, IN_PROGRESS: self.progress}
        return {name: standing for name, standing in found.items() if standing is not None}


def walk_resizable(spec: Object) -> Iterator[Object]:
    for name in LISTS:
        yield from spec.get(name) or ()


def remembered(pod: Object) -> Resizing:
    """From the pod as the API has it: containers that were started have what their status says."""
    found = Resizing()
    status = pod.get("status") or {}
    told = {one["name"]: one for name in STATUSES for one in status.get(name) or ()}
    for container in walk_resizable(pod["spec"]):
        name, wanted = container["name"], container.get("resources") or {}
        one = told.get(name, {})
        found.granted[name] = one["resources"] if "resources" in one and one.get("containerID") else wanted
    for condition in status.get("conditions") or ():
        if condition.get("type") == PENDING:
            found.pending = Standing(
                condition.get("reason", ""), condition.get("message", ""), condition.get("observedGeneration", 0)
            )
    return found


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both ask for as much cpu and memory, however it is written."""
    return one == other or _amounts(one) == _amounts(other)


def _amounts(resources: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    return {
        (kind, name): quantities.nanos(amount)
        for kind in ("requests", "limits")
        for name, amount in (resources.get(kind) or {}).items()
        if name in COMPUTE
    }


def is_granted(pod: Object, memory: Resizing) -> bool:
    return all(
        same(container.get("resources") or {}, memory.granted.get(container["name"], {}))
        for container in walk_resizable(pod["spec"])
    )


def as_granted(pod: Object, memory: Resizing) -> Object:
    """The pod with the resources that this node has granted it; the same object where that is what it asks for."""
    if memory.pending is None:
        return pod
    spec = dict(pod["spec"])
    for name in LISTS:
        if name in spec:
            spec[name] = [{**one, "resources": memory.granted.get(one["name"], {})} for one in spec[name]]
    return {**pod, "spec": spec}


def restart_needed(container: Object, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a resource changes whose resizePolicy says RestartContainer."""
    old, new = _amounts(before), _amounts(after)
    changed = {name for kind, name in {*old, *new} if old.get((kind, name)) != new.get((kind, name))}
    return any(
        one.get("resourceName") in changed and one.get("restartPolicy") == "RestartContainer"
        for one in container.get("resizePolicy") or ()
    )
