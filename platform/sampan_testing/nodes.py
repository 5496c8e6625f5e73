"""Fake nodes: their pods become Running and Ready at once, and are removed when they are deleted. No containers.

Claims that wait for a provisioner get a volume of the node that was chosen for them, whatever the provisioner: nothing
is in it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import NODES, PODS
from sampan_testing.volumes import FakeVolumes

_SINCE = "2026-01-01T00:00:00Z"
_ROOM = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "1Ti"}


class Nodes:
    """The fake node agent of all fake nodes. Without nodes it does nothing."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._names: set[str] = set()
        self._pods: Informer | None = None
        self._volumes = FakeVolumes(client)
        self._work: queue.SimpleQueue[Object | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="fake nodes", daemon=True)

    def add(self, name: str, labels: Mapping[str, str]) -> Object:
        node = {
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}},
            "status": {"capacity": _ROOM, "allocatable": _ROOM, "conditions": [_condition("Ready")]},
        }
        made = self._client.create(NODES, node)
        self._names.add(name)
        assert self._volumes.nodes is not None
        self._volumes.nodes.add(name)
        if self._pods is None:
            self._thread.start()
            self._pods = Informer(self._client, PODS, on_change=lambda old, new: self._work.put(new or None))
            self._pods.start()
            self._volumes.start()
        else:
            for pod in self._pods.list():
                self._work.put(pod)
        return made

    def stop(self) -> None:
        if self._pods is not None:
            self._pods.stop()
            self._volumes.stop()
            self._names.clear()
            self._work.put({})
            self._thread.join()

    def _serve(self) -> None:
        while self._names:
            pod = self._work.get()
            if not pod or pod["spec"].get("nodeName") not in self._names:
                continue
            try:
                self._update_pod(pod)
            except (StatusError, ConnectionError):
                continue  # changed or deleted; the informer delivers the current state

    def _update_pod(self, pod: Object) -> None:
        meta = pod["metadata"]
        if meta.get("deletionTimestamp"):
            self._client.delete(PODS, meta["name"], meta["namespace"], grace=0, uid=meta["uid"])
        elif (pod.get("status") or {}).get("phase") not in ("Running", "Succeeded", "Failed"):
            self._client.patch(PODS, meta["name"], {"status": _running(pod)}, meta["namespace"], subresource="status")


def hollow_node(name: str, labels: Mapping[str, str], now: float) -> Object:
    """A Node that the hollow nodes' agent serves. Source: KWOK's annotation."""
    condition = {**_condition("Ready"), "lastTransitionTime": now_text(now), "lastHeartbeatTime": now_text(now)}
    return {
        "metadata": {
            "name": name, "labels": {"kubernetes.io/hostname": name, **labels},
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
        "status": {"capacity": _ROOM, "allocatable": _ROOM, "conditions": [condition]},
    }  # fmt: skip


def _running(pod: Object) -> Object:
    containers = [
        {
            "name": each["name"], "image": each.get("image", ""), "imageID": "", "ready": True, "restartCount": 0,
            "started": True, "state": {"running": {"startedAt": _SINCE}},
        }
        for each in pod["spec"]["containers"]
    ]  # fmt: skip
    conditions = [_condition(each) for each in ("PodScheduled", "Initialized", "ContainersReady", "Ready")]
    address = f"10.244.0.{sum(pod['metadata']['uid'].encode()) % 250 + 2}"
    status: dict[str, Any] = {
        "phase": "Running", "conditions": conditions, "containerStatuses": containers, "startTime": _SINCE,
        "podIP": address, "podIPs": [{"ip": address}],
    }  # fmt: skip
    return status


def _condition(name: str) -> dict[str, str]:
    return {"type": name, "status": "True", "lastTransitionTime": _SINCE}
