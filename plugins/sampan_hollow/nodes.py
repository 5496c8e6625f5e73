"""The objects of hollow nodes: Node and Lease. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import micro_text, now_text

LEASE_NAMESPACE = "kube-node-lease"
#: As KWOK marks the nodes that it manages: any Node with it is managed here, also one of another client.
MANAGED, FAKE = "kwok.x-k8s.io/node", "fake"
#: The set of nodes that this plugin has made, so that it can remove those that are too many.
SET = "hollow.sampan.dev/set"
#: A node with this annotation is lost: no heartbeat, and its pods stay as they are.
LOST = "hollow.sampan.dev/lost"

CONDITIONS = (
    {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"},
    {
        "type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory",
        "message": "kubelet has sufficient memory available",
    },
    {
        "type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure",
        "message": "kubelet has no disk pressure",
    },
    {
        "type": "PIDPressure", "status": "False", "reason": "KubeletHasSufficientPID",
        "message": "kubelet has sufficient PID available",
    },
)  # fmt: skip


def is_managed(node: Object) -> bool:
    return (node["metadata"].get("annotations") or {}).get(MANAGED) == FAKE


def is_lost(node: Object) -> bool:
    return LOST in (node["metadata"].get("annotations") or {})


def name_of(base: str, number: int) -> str:
    return f"{base}-{number}"


def node_object(settings: Any, number: int, address: str, port: int, version: str, now: float) -> Object:
    """A Node that is Ready from the start, as one creation writes it."""
    name, at = name_of(settings.name, number), now_text(now)
    zones = settings.zones
    zone = {"topology.kubernetes.io/zone": zones[(number - 1) % len(zones)]} if zones else {}
    room = {
        "cpu": settings.cpu, "memory": settings.memory, "ephemeral-storage": settings.storage,
        "pods": str(settings.max_pods), **settings.resources,
    }  # fmt: skip
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "type": "hollow", **zone, **settings.labels, SET: settings.name,
            },
            "annotations": {MANAGED: FAKE, **settings.annotations},
        },
        "spec": {"taints": [taint(each) for each in settings.taints]} if settings.taints else {},
        "status": {
            "phase": "Running",
            "declaredFeatures": ["RestartAllContainersOnContainerExits"],
            "capacity": room,
            "allocatable": room,
            "conditions": [{**each, "lastHeartbeatTime": at, "lastTransitionTime": at} for each in CONDITIONS],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "hollow://0", "kernelVersion":
                "hollow", "kubeProxyVersion": version, "kubeletVersion": version, "machineID": "", "operatingSystem":
                "linux", "osImage": "hollow", "systemUUID": "",
            },
            **({"daemonEndpoints": endpoints(port)} if port else {}),
        },
    }  # fmt: skip


def endpoints(port: int) -> Object:
    return {"kubeletEndpoint": {"Port": port}}


def port_of(node: Object) -> int:
    """At which the node says that it is served; 0 for none."""
    found = ((node.get("status") or {}).get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
    return int(found.get("Port") or 0)


def taint(text: str) -> dict[str, str]:
    """``key=value:Effect`` or ``key:Effect``, as kubectl taint takes it."""
    front, _, effect = text.rpartition(":")
    key, _, value = front.partition("=")
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


def lease_object(name: str, seconds: int, uid: str, now: float, known: Mapping[str, str] | None = None) -> Object:
    """The Lease as it is written next. ``known``: its resourceVersion and uid, None for one to be created."""
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}
    return {
        "kind": "Lease",
        "apiVersion": "coordination.k8s.io/v1",
        "metadata": {
            "name": name, "namespace": LEASE_NAMESPACE, **({"ownerReferences": [owner]} if uid else {}), **(known or {})
        },
        "spec": {"holderIdentity": name, "leaseDurationSeconds": seconds, "renewTime": micro_text(now)},
    }  # fmt: skip
