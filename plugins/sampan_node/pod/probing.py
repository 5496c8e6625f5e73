"""The probers of one pod's containers, and what their results change in the pod's memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from sampan.contracts.kinds import Object
from sampan_node.host import Host
from sampan_node.pod.handlers import HandlerResult
from sampan_node.pod.machine import PodMemory
from sampan_node.pod.probes import Prober
from sampan_podspec.containers import walk
from sampan_runtime.contracts import Container


class Tell(Protocol):
    """Writes an event about the pod."""

    def __call__(self, type: str, reason: str, message: str, *, container: str = "") -> None: ...


class Probers:
    """``perform(handler, container, id, timeout)`` asks a container; ``changed`` is called when a result matters."""

    def __init__(
        self, host: Host, memory: PodMemory, *, perform: Callable[[Object, Object, str, float], HandlerResult],
        tell: Tell, changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._host, self._memory = host, memory
        self._perform, self._tell, self._changed = perform, tell, changed
        self._by_id: dict[str, Prober] = {}  # of containers

    def follow(self, pod: Object, known: Object, running: Mapping[str, Container]) -> None:
        """Every running container has its probes; those of ended ones stop. ``known``: the status as the API has it."""
        for gone in [identifier for identifier in self._by_id if identifier not in running]:
            self.stop(gone)
        if pod["metadata"].get("deletionTimestamp"):
            return
        containers = {container["name"]: container for _, container in walk(pod["spec"])}
        for identifier, one in running.items():
            if identifier not in self._by_id and one.name in containers:
                self._begin(containers[one.name], one, known)

    def stop(self, identifier: str) -> None:
        if identifier in self._by_id:
            self._by_id.pop(identifier).stop()
            self._memory.ready.discard(identifier)

    def stop_all(self) -> None:
        """No more probes; what is known of the containers stays."""
        for prober in list(self._by_id.values()):
            prober.stop()

    def _begin(self, container: Object, one: Container, known: Object) -> None:
        before: Object = next(
            (s for key in ("containerStatuses", "initContainerStatuses") for s in known.get(key) or ()
             if s.get("containerID", "").endswith(one.id)), {},
        )  # fmt: skip
        if not container.get("startupProbe") or before.get("started"):
            self._memory.started.add(one.id)
        if not container.get("readinessProbe") or before.get("ready"):
            self._memory.ready.add(one.id)
        prober = Prober(
            container, one.started, clock=self._host.clock, pool=self._host.pool,
            perform=lambda probe, timeout: self._perform(probe, container, one.id, timeout),
            on_result=partial(self._probed, container, one.id),
        )  # fmt: skip
        self._by_id[one.id] = prober
        prober.go_on() if one.id in self._memory.started else prober.start()

    def _probed(self, container: Object, identifier: str, kind: str, outcome: HandlerResult, enough: bool) -> None:
        memory, name = self._memory, container["name"]
        memory.probes[name, kind, outcome.ok] += 1
        if not outcome.ok:
            self._tell("Warning", "Unhealthy", f"{kind.capitalize()} probe failed: {outcome.message}", container=name)
        if not enough:
            return
        if kind == "readiness":
            changed = outcome.ok != (identifier in memory.ready)
            (memory.ready.add if outcome.ok else memory.ready.discard)(identifier)
        elif outcome.ok:
            changed = kind == "startup" and identifier not in memory.started
            memory.started.add(identifier)
        else:
            memory.doomed[identifier], changed = f"Container {name} failed {kind} probe, will be restarted", True
        if changed:
            self._changed()
