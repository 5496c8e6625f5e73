"""Which containers a pod has whose lines are wanted, and what its status says of their runs.

Pure. Must not know how lines are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_logging.entries import Source
from sampan_podspec.containers import is_sidecar, walk

_STATUSES = {
    "initContainers": "initContainerStatuses",
    "containers": "containerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}
_OVER = ("Succeeded", "Failed")


class ContainerState(NamedTuple):
    """What a pod's status says of one container. ``run``: the number of the newest run, from 0 (restartCount);
    ``begun``: that run has a log; ``over``: it has ended; ``gone``: the pod is deleted."""

    run: int = 0
    begun: bool = False
    over: bool = False
    gone: bool = False


class NamespaceFilter(NamedTuple):
    """Which namespaces' lines are wanted; an empty ``include`` means all."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def takes(self, namespace: str) -> bool:
        return (not self.include or namespace in self.include) and namespace not in self.exclude


def kept(pod: Object) -> Object:
    """What is held in memory of a pod: a twentieth of it."""
    metadata, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    lean: dict[str, Any] = {
        "metadata": {
            name: metadata[name]
            for name in ("name", "namespace", "uid", "resourceVersion", "labels", "creationTimestamp")
            if name in metadata
        },
        "spec": {"nodeName": spec.get("nodeName", "")},
        "status": {"phase": status.get("phase", "")},
    }
    for kind, container in walk(spec):
        lean["spec"].setdefault(kind, []).append(
            {name: container[name] for name in ("name", "image", "restartPolicy") if name in container}
        )
    for kind in _STATUSES.values():
        for one in status.get(kind) or ():
            lean["status"].setdefault(kind, []).append(
                {
                    "name": one["name"],
                    "restartCount": one.get("restartCount", 0),
                    "state": {name: {} for name in one.get("state") or ()},
                    "lastState": {name: {} for name in one.get("lastState") or ()},
                }
            )
    return lean


def containers(pod: Object, *, gone: bool = False) -> Iterator[tuple[Source, ContainerState]]:
    """Every container of the pod: main, init, sidecar and ephemeral ones."""
    metadata, spec = pod["metadata"], pod["spec"]
    over = (pod.get("status") or {}).get("phase") in _OVER
    for kind, container in walk(spec):
        source = Source(
            namespace=metadata["namespace"],
            pod=metadata["name"],
            uid=metadata["uid"],
            node=spec.get("nodeName") or "",
            container=container["name"],
            kind=_kind(kind, container),
            image=container.get("image", ""),
            labels=metadata.get("labels") or {},
        )
        yield source, _seen(_status(pod, kind, container["name"]), over, gone)


def _kind(where: str, container: dict[str, Any]) -> str:
    if where == "initContainers":
        return "sidecar" if is_sidecar(container) else "init"
    return "ephemeral" if where == "ephemeralContainers" else "container"


def _status(pod: Object, kind: str, name: str) -> dict[str, Any]:
    found = (pod.get("status") or {}).get(_STATUSES[kind]) or ()
    return next((one for one in found if one["name"] == name), {})


def _seen(status: dict[str, Any], over: bool, gone: bool) -> ContainerState:
    state, last = status.get("state") or {}, status.get("lastState") or {}
    run = int(status.get("restartCount") or 0)
    if "running" in state:
        # A pod that is over runs nothing, whatever a status that was written in a hurry says.
        return ContainerState(run, begun=True, over=over, gone=gone)
    # While it waits for its next start (back-off), the newest run is the one that ended last.
    begun = "terminated" in state or "terminated" in last
    return ContainerState(run, begun=begun, over=begun, gone=gone)
