"""Resizes one pod's containers: grants what fits, and brings running containers there."""

from __future__ import annotations

import json
import time

from sampan.contracts.kinds import Object
from sampan_node.admission import Refusal
from sampan_node.host import Host
from sampan_node.pod import specs
from sampan_node.pod.machine import PodMemory, RuntimeState
from sampan_node.pod.resizing import LISTS, Standing, is_granted, restart_needed, walk_resizable
from sampan_runtime.contracts import Container, Resources, RuntimeFailure

INFEASIBLE, ERROR = "Infeasible", "Error"
AGAIN = 10.0  # seconds until a resize that the runtime refused is tried again


class Resizer:
    def __init__(self, host: Host, memory: PodMemory) -> None:
        self._host, self._memory = host, memory.resizing
        self._doomed, self._again = memory.doomed, memory.again
        self._retry = 0.0

    def look(self, pod: Object) -> None:
        """Grant what the spec asks for, or note why not."""
        memory = self._memory
        if is_granted(pod, memory):
            memory.pending = None
            self._host.admission.no_longer_waits(pod["metadata"]["uid"])
            return
        generation = int(pod["metadata"].get("generation") or 0)
        refusal = self._refusal(pod)
        if refusal is not None:
            fresh = Standing(refusal.reason, refusal.message, generation)
            if memory.pending is None or memory.pending[:3:2] != fresh[:3:2]:
                self._tell(pod, "Warning", f"Resize{fresh.reason}", f"Pod resize {fresh.reason}", fresh.message)
            memory.pending = fresh
            return
        for container in walk_resizable(pod["spec"]):
            before = memory.granted.get(container["name"], {})
            memory.actual.setdefault(container["name"], before)
            memory.granted[container["name"]] = container.get("resources") or {}
        memory.pending, memory.progress = None, Standing("", "", generation)
        self._retry = 0.0
        self._tell(pod, "Normal", "ResizeStarted", "Pod resize started")

    def _refusal(self, pod: Object) -> Refusal | None:
        if not self._host.runtime.limits:
            text = f"In-place resize is not supported: the runtime {self._host.runtime.name} does not limit containers"
            return Refusal(INFEASIBLE, text)
        return self._host.admission.resize(pod)

    def apply(self, pod: Object, seen: RuntimeState) -> float:
        """Bring running containers to what is granted; when to try again (seconds since the epoch), 0.0 never."""
        memory = self._memory
        if memory.progress is None:
            return 0.0
        if time.time() < self._retry:
            return self._retry
        specs_by_name = {container["name"]: container for container in walk_resizable(pod["spec"])}
        missing = [one for one in seen.running() if one.name in specs_by_name and not self._has(one)]
        try:
            for one in missing:
                self._change(one, specs_by_name[one.name])
        except RuntimeFailure as error:
            self._retry = time.time() + AGAIN
            text = str(error)
            if memory.progress.message != text:
                self._tell(pod, "Warning", "ResizeError", "Pod resize error", text)
            memory.progress = Standing(ERROR, text, memory.progress.generation)
            return self._retry
        if any(one.id in self._again for one in map(seen.latest, specs_by_name) if one):
            return 0.0  # it is told when they have been started again
        memory.actual.clear()
        memory.progress = None
        self._tell(pod, "Normal", "ResizeCompleted", "Pod resize completed")
        return 0.0

    def _has(self, one: Container) -> bool:
        wanted = specs.resources(self._memory.granted.get(one.name, {}))
        return one.id not in self._again and (one.applied is None or one.applied == wanted.kernel())

    def _change(self, one: Container, container: Object) -> None:
        memory = self._memory
        granted = memory.granted.get(one.name, {})
        if restart_needed(container, memory.actual.get(one.name, {}), granted):
            self._again.add(one.id)
            self._doomed[one.id] = f"Container {one.name} resize requires restart"
            return
        wanted = specs.resources(granted)
        self._check(one, wanted)
        self._host.runtime.update_container(one.id, wanted)
        memory.actual[one.name] = granted

    def _check(self, one: Container, wanted: Resources) -> None:
        """A limit below what is used would end the container (KEP-1287: best effort, then refused)."""
        before = one.applied[2] if one.applied else 0
        if not wanted.memory_limit or (before and wanted.memory_limit >= before):
            return
        used = next((usage.memory for usage in self._host.runtime.usage() if usage.container_id == one.id), 0)
        if used > wanted.memory_limit:
            text = f"attempting to set container {one.name!r} memory limit ({wanted.memory_limit}) below current usage"
            raise RuntimeFailure(ERROR, f"{text} ({used})")

    def _tell(self, pod: Object, type: str, reason: str, words: str, error: str = "") -> None:
        summary: Object = {
            name: [{"name": one["name"], "resources": one.get("resources") or {}} for one in pod["spec"][name]]
            for name in LISTS if pod["spec"].get(name)
        }  # fmt: skip
        summary["generation"] = int(pod["metadata"].get("generation") or 0)
        if error:
            summary["error"] = error
        self._host.tell(pod, type, reason, f"{words}: {json.dumps(summary, separators=(',', ':'))}")
