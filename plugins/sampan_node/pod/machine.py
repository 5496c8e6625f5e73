"""The pod's state machine: from the wanted state and the runtime's state to the next actions. Pure; worker.py performs
them.

Follows the meaning of kubelet's computePodActions: init containers one after the other, sidecars (KEP-753) before and
beside the rest, restarts with back-off, everything stopped at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import parse_time
from sampan_node.pod.resizing import Resizing
from sampan_node.pod.restarts import ALL, by_policy, init_by_policy, rule_for
from sampan_podspec.containers import is_sidecar, walk
from sampan_runtime.contracts import Container, Sandbox

FIRST_DELAY, LONGEST_DELAY, QUIET = 10.0, 300.0, 600.0  # seconds; a run of QUIET resets the back-off


class RuntimeState(NamedTuple):
    """What the runtime has of one pod."""

    sandbox: Sandbox | None
    containers: Sequence[Container]
    again: frozenset[str] = frozenset()  # ids of those that were ended here in order to be started again

    def latest(self, name: str) -> Container | None:
        mine = [one for one in self.containers if one.name == name]
        return max(mine, key=lambda one: (one.attempt, one.created)) if mine else None

    def since(self, rounds: Mapping[str, int]) -> RuntimeState:
        """Without the runs from before all containers were restarted; ``rounds``: name -> first attempt since then."""
        if not rounds:
            return self
        return self._replace(containers=[one for one in self.containers if one.attempt >= rounds.get(one.name, 0)])

    def running(self) -> list[Container]:
        return [one for one in self.containers if one.state == "running"]


class Waiting(NamedTuple):
    """Why a container cannot be started, and when to try again (seconds since the epoch)."""

    reason: str
    message: str
    until: float


@dataclass
class PodMemory:
    """What the agent remembers of a pod beside the runtime's state; lost with the process, and rebuilt or reset
    then."""

    waiting: dict[str, Waiting] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)  # name -> tries that ended in Waiting, one after the other
    base: dict[str, int] = field(default_factory=dict)  # name -> attempt at which the back-off was reset
    started: set[str] = field(default_factory=set)  # container ids whose startup probe has succeeded, or who have none
    ready: set[str] = field(default_factory=set)  # container ids whose readiness probe succeeds, or who have none
    doomed: dict[str, str] = field(default_factory=dict)  # container id -> why it has to be killed
    verdict: tuple[str, str, str] | None = None  # (phase, reason, message) once the agent has given up on the pod
    grace: int | None = None  # seconds that it has to end then, instead of its own grace period
    disruption: str = ""  # message of its condition DisruptionTarget, where the node ends it for want of something
    again: set[str] = field(default_factory=set)  # ids of containers that are ended in order to be started again
    rounds: dict[str, int] = field(default_factory=dict)  # name -> first attempt since all containers were restarted
    resizing: Resizing = field(default_factory=Resizing)
    probes: Counter[tuple[str, str, bool]] = field(default_factory=Counter)  # (container, kind, succeeded) -> times


@dataclass(frozen=True)
class StartSandbox:
    attempt: int


@dataclass(frozen=True)
class StartContainer:
    container: Object
    attempt: int


@dataclass(frozen=True)
class StopContainer:
    id: str
    name: str
    why: str


@dataclass(frozen=True)
class RemoveContainer:
    id: str


@dataclass(frozen=True)
class StopAll:
    """Every container, main ones first and sidecars last, then the sandbox."""


@dataclass(frozen=True)
class RemovePod:
    """Remove all that the pod has here, then the pod from the API."""


Action = StartSandbox | StartContainer | StopContainer | RemoveContainer | StopAll | RemovePod


@dataclass
class Plan:
    actions: list[Action] = field(default_factory=list)
    wake: float = 0.0  # when to look again even if nothing happens; 0 = never

    def at(self, moment: float) -> None:
        self.wake = min(self.wake, moment) if self.wake else moment


def decide(pod: Object, seen: RuntimeState, memory: PodMemory, now: float) -> Plan:
    """What to do for this pod now."""
    plan = Plan()
    if pod["metadata"].get("deletionTimestamp"):
        plan.actions = [StopAll(), RemovePod()] if seen.running() else [RemovePod()]
        return plan
    if deadline_passed(pod, now, plan) and memory.verdict is None:
        memory.verdict = ("Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
    if memory.verdict or is_over(pod, seen):
        if seen.running() or (seen.sandbox and seen.sandbox.ready):
            plan.actions.append(StopAll())
        return plan
    plan.actions += list(_doomed(seen, memory))
    if seen.sandbox is None or not seen.sandbox.ready:
        if not _held_back("", memory, now, plan):
            plan.actions.append(StartSandbox(seen.sandbox.attempt + 1 if seen.sandbox else 0))
        return plan
    if (ended := _ends_all(pod, seen, memory)) and not _new_round(ended, seen, memory, now, plan):
        return plan
    plan.actions += list(_starts(pod, seen.since(memory.rounds), memory, now, plan))
    plan.actions += list(_leftovers(pod, seen))
    return plan


def _ends_all(pod: Object, seen: RuntimeState, memory: PodMemory) -> Container | None:
    """The container whose end restarts all of the pod's, where that has not been done."""
    for listed, container in walk(pod["spec"]):
        last = seen.latest(container["name"])
        if listed == "ephemeralContainers" or last is None or last.state != "exited":
            continue
        if last.attempt >= memory.rounds.get(last.name, 0) and rule_for(container, last.exit_code) == ALL:
            return last
    return None


def _new_round(ended: Container, seen: RuntimeState, memory: PodMemory, now: float, plan: Plan) -> bool:
    """End what runs, wait as long as the one that ended has to, then count all as not started; whether it is so."""
    text = f"Stopping container, as all containers of the pod are restarted (container {ended.name} ended)"
    plan.actions += [StopContainer(one.id, one.name, text) for one in seen.running()]
    ready_at = ended.finished + delay(ended, memory)
    if seen.running() or now < ready_at:
        plan.at(max(now, ready_at))
        return False
    latest = {one.name: one.attempt for one in sorted(seen.containers, key=lambda one: one.attempt)}
    memory.rounds = {name: attempt + 1 for name, attempt in latest.items()}
    return True


def deadline_passed(pod: Object, now: float, plan: Plan) -> bool:
    limit = pod["spec"].get("activeDeadlineSeconds")
    started = (pod.get("status") or {}).get("startTime")
    if limit is None or not started:
        return False
    end = parse_time(started) + limit
    if now < end:
        plan.at(end)
    return bool(now >= end)


def restarts(pod: Object, container: Object, ended: Container, seen: RuntimeState) -> bool:
    """Whether this container is to run again after it has ended so."""
    if ended.id in seen.again:
        return True
    return by_policy(pod["spec"], container, ended.exit_code)


def init_restarts(pod: Object, init: Object, ended: Container, seen: RuntimeState) -> bool:
    """The same of an init container that is no sidecar."""
    return ended.id in seen.again or init_by_policy(pod["spec"], init, ended.exit_code)


def init_failed(pod: Object, init: Object, last: Container | None, seen: RuntimeState) -> bool:
    """Whether an init container has ended the pod."""
    if is_sidecar(init) or last is None or last.state != "exited" or not last.exit_code:
        return False
    return not init_restarts(pod, init, last, seen)


def is_over(pod: Object, seen: RuntimeState) -> bool:
    """Whether the pod has reached Succeeded or Failed."""
    for init in pod["spec"].get("initContainers") or ():
        last = seen.latest(init["name"])
        if init_failed(pod, init, last, seen):
            return True
    for container in pod["spec"]["containers"]:
        last = seen.latest(container["name"])
        if last is None or last.state != "exited" or restarts(pod, container, last, seen):
            return False
    return True


def initialized(pod: Object, seen: RuntimeState, memory: PodMemory) -> bool:
    return next(_pending_inits(pod, seen.since(memory.rounds), memory), None) is None


def _pending_inits(pod: Object, seen: RuntimeState, memory: PodMemory) -> Iterator[Object]:
    """Init containers that have not finished, so that later ones have to wait; none once main containers exist."""
    main_seen = any(seen.latest(container["name"]) for container in pod["spec"]["containers"])
    for init in pod["spec"].get("initContainers") or ():
        last = seen.latest(init["name"])
        if is_sidecar(init):
            if not main_seen and not (last and last.state == "running" and last.id in memory.started):
                yield init
        elif not main_seen and not (last and last.state == "exited" and last.exit_code == 0):
            yield init


def _starts(pod: Object, seen: RuntimeState, memory: PodMemory, now: float, plan: Plan) -> Iterator[Action]:
    pending = next(_pending_inits(pod, seen, memory), None)
    for init in pod["spec"].get("initContainers") or ():
        if is_sidecar(init):
            yield from _start(pod, init, seen, memory, now, plan)
        if pending is not None and init["name"] == pending["name"]:
            if not is_sidecar(init):
                yield from _start(pod, init, seen, memory, now, plan)
            return
    for container in pod["spec"]["containers"]:
        yield from _start(pod, container, seen, memory, now, plan)
    for container in pod["spec"].get("ephemeralContainers") or ():
        if seen.latest(container["name"]) is None and not _held_back(container["name"], memory, now, plan):
            yield StartContainer(container, 0)


def _start(
    pod: Object, container: Object, seen: RuntimeState, memory: PodMemory, now: float, plan: Plan
) -> Iterator[StartContainer | StopContainer]:
    name = container["name"]
    last = seen.latest(name)
    if last is not None and last.state == "running":
        if last.image and last.image != container["image"]:
            memory.again.add(last.id)
            yield StopContainer(last.id, name, f"Container {name} definition changed, will be restarted")
        return
    if _held_back(name, memory, now, plan):
        return
    if last is None:
        yield StartContainer(container, memory.rounds.get(name, 0))
        return
    if last.state == "exited":
        changed = last.id in seen.again or (bool(last.image) and last.image != container["image"])
        is_init = container in (pod["spec"].get("initContainers") or ()) and not is_sidecar(container)
        again = (init_restarts if is_init else restarts)(pod, container, last, seen)
        if not again:
            return
        ready_at = last.finished + (0 if changed else delay(last, memory))
        if now < ready_at:
            plan.at(ready_at)
            return
        if last.finished - last.started >= QUIET:
            memory.base[name] = last.attempt + 1
    yield StartContainer(container, last.attempt + 1)


def delay(ended: Container, memory: PodMemory) -> float:
    """Seconds to wait after this end before the next start: 0, 10, 20 … 300."""
    if ended.started and ended.finished - ended.started >= QUIET:
        return 0.0
    times = ended.attempt - memory.base.get(ended.name, 0)
    return 0.0 if times <= 0 else failure_delay(times)


def failure_delay(times: int) -> float:
    """Back-off of what could not even be started: pulls, missing ConfigMaps, sandboxes."""
    return min(LONGEST_DELAY, FIRST_DELAY * float(2 ** min(max(times - 1, 0), 10)))


def _held_back(name: str, memory: PodMemory, now: float, plan: Plan) -> bool:
    waiting = memory.waiting.get(name)
    if waiting is not None and now < waiting.until:
        plan.at(waiting.until)
        return True
    return False


def _doomed(seen: RuntimeState, memory: PodMemory) -> Iterator[StopContainer]:
    for container in seen.running():
        if container.id in memory.doomed:
            yield StopContainer(container.id, container.name, memory.doomed[container.id])
        elif seen.latest(container.name) != container:  # an agent that was killed had just started it
            yield StopContainer(container.id, container.name, f"Stopping container {container.name}")


def _leftovers(pod: Object, seen: RuntimeState) -> Iterator[RemoveContainer]:
    """Of each name the newest two are kept: the one that counts and the one before it (logs --previous)."""
    for _, container in walk(pod["spec"]):
        mine = sorted((one for one in seen.containers if one.name == container["name"]), key=lambda one: one.attempt)
        yield from (RemoveContainer(one.id) for one in mine[:-2] if one.state != "running")
