"""Which pods a drain evicts and which it leaves, as `kubectl drain --ignore-daemonsets` decides. Pure.

Source: Kubernetes docs, "Safely Drain a Node".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sampan_machinery.metadata import controller_of

MIRROR = "kubernetes.io/config.mirror"
ENDED = ("Succeeded", "Failed")


class Left(NamedTuple):
    namespace: str
    name: str
    why: str


def plan(pods: Iterable[Mapping[str, Any]]) -> tuple[list[tuple[str, str]], list[Left]]:
    """(namespace, name) of each pod to evict, and those that stay, with the reason."""
    evict: list[tuple[str, str]] = []
    left: list[Left] = []
    for pod in pods:
        metadata = pod["metadata"]
        where = str(metadata.get("namespace") or ""), str(metadata["name"])
        why = reason(pod)
        if why:
            left.append(Left(*where, why))
        else:
            evict.append(where)
    return evict, left


def reason(pod: Mapping[str, Any]) -> str:
    """Why a pod stays; "" if it is evicted."""
    metadata = pod["metadata"]
    if MIRROR in (metadata.get("annotations") or {}):
        return "a static pod of the node"
    owner = controller_of(pod)
    if (pod.get("status") or {}).get("phase") in ENDED:
        return ""
    if owner and owner.get("kind") == "DaemonSet":
        return "a DaemonSet would start it again here"
    if owner is None:
        return "no controller would start it elsewhere: delete it yourself"
    if any("emptyDir" in volume for volume in (pod.get("spec") or {}).get("volumes") or ()):
        return "it would lose what is in its emptyDir volumes: delete it yourself"
    return ""
