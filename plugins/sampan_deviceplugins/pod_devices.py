"""Devices of this node's pods: chosen when a pod is admitted, given to its containers, free again after the last.

Source: kubelet's device manager (meaning, its wording).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_deviceplugins.allocations import Allocation, Allocations
from sampan_deviceplugins.allotting import Inheritance, Unavailable, Wanted, choose, wanted
from sampan_deviceplugins.endpoint import Endpoint
from sampan_runtime.contracts import Device, Edits, Mount, RuntimeFailure

REASON = "UnexpectedAdmissionError"


class Registered(Protocol):
    """What is needed of RegisteredPlugins."""

    def get(self, resource: str) -> Endpoint | None: ...

    def resources(self) -> frozenset[str]: ...

    def offered(self) -> Mapping[str, tuple[int, int]]: ...

    def close(self) -> None: ...


class PluginDevices:
    name = "device plugins"

    def __init__(self, plugins: Registered, allocations: Allocations) -> None:
        self._plugins, self._allocations = plugins, allocations
        self._lock = threading.Lock()  # pods are admitted one at a time: they choose among the same devices

    def resources(self) -> Mapping[str, tuple[int, int]]:
        return self._plugins.offered()

    def admit(self, pod: Object) -> str:
        try:
            self._allocate(pod)
        except (Unavailable, SampanError, OSError) as error:
            return f"Allocate failed due to {error}, which is unexpected"
        return ""

    def prepare(self, pod: Object) -> None:
        """What was admitted has its devices; a pod that came past admission (a static one) gets them here."""
        try:
            self._allocate(pod)
        except (Unavailable, SampanError, OSError) as error:
            raise RuntimeFailure(REASON, f"Allocate failed due to {error}, which is unexpected") from error

    def names(self, pod: Object, container: Object) -> Sequence[str]:
        found = (each["name"] for one in self._of(pod, container) for each in one.answer.get("cdi_devices") or ())
        return list(dict.fromkeys(found))

    def edits(self, pod: Object, container: Object) -> Edits:
        found = Edits()
        for one in self._of(pod, container):
            endpoint = self._plugins.get(one.resource)
            if endpoint is not None:
                self._pre_start(endpoint, one)
            found += edits_of(one.answer)
        return found

    def release(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        try:
            self._allocations.release(uid)
        except OSError as error:
            raise RuntimeFailure("FailedReleaseDevices", str(error)) from error

    def close(self) -> None:
        self._plugins.close()

    def _of(self, pod: Object, container: Object) -> list[Allocation]:
        return self._allocations.of_container(pod["metadata"]["uid"], container["name"])

    def _pre_start(self, endpoint: Endpoint, one: Allocation) -> None:
        try:
            endpoint.pre_start(one.ids)
        except SampanError as error:
            raise RuntimeFailure(
                "PreStartContainerError", f"device plugin PreStartContainer rpc failed: {error}"
            ) from error

    def _allocate(self, pod: Object) -> None:
        """All containers or none. Raises Unavailable, SampanError, OSError."""
        every = list(wanted(pod, self._plugins.resources()))
        uid = pod["metadata"]["uid"]
        if not every or self._allocations.of_pod(uid):
            return
        with self._lock:
            self._allocations.add(list(self._chosen(uid, every)))

    def _chosen(self, uid: str, every: Collection[Wanted]) -> Iterator[Allocation]:
        inheritance, taken = Inheritance(), dict[str, set[str]]()
        for one in every:
            endpoint = self._plugins.get(one.resource)
            if endpoint is None:
                raise Unavailable(f"cannot allocate unregistered device {one.resource}")
            here = taken.setdefault(one.resource, set())
            used = self._allocations.used(one.resource) | here
            ids = choose(one, endpoint.healthy, used, inheritance.of(one.resource), endpoint.preferred)
            inheritance.took(one, ids)
            here.update(ids)
            yield Allocation(uid, one.container, one.resource, tuple(ids), endpoint.allocate(ids))


def edits_of(answer: Mapping[str, Any]) -> Edits:
    """What the message ContainerAllocateResponse says of a container. Its annotations are for runtimes that read them,
    which ours do not."""
    return Edits(
        tuple(sorted((answer.get("envs") or {}).items())),
        tuple(
            Mount(each["host_path"], each["container_path"], each["read_only"]) for each in answer.get("mounts") or ()
        ),
        tuple(
            Device(each["host_path"], each["container_path"], "w" not in (each["permissions"] or "rwm"))
            for each in answer.get("devices") or ()
        ),
    )  # fmt: skip
