"""Which pods leave a node that is drained, and which stay. Pure. Source: kubectl drain's filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sampan.contracts.kinds import Object

MIRROR = "kubernetes.io/config.mirror"


@dataclass(frozen=True)
class Drain:
    """``evicted``: pods that go. ``refused``: why the node is not drained, a sentence for each pod."""

    evicted: tuple[Object, ...]
    refused: tuple[str, ...]


def plan(pods: Iterable[Object], *, force: bool = False, delete_data: bool = False) -> Drain:
    """``force``: pods go that nothing makes again; ``delete_data``: those whose emptyDir is lost."""
    going, refused = [], []
    for pod in pods:
        if stays(pod):
            continue
        if why := objection(pod, force=force, delete_data=delete_data):
            refused.append(f"{name_of(pod)} {why}")
        going.append(pod)
    return Drain(tuple(going), tuple(refused))


def stays(pod: Object) -> bool:
    """A DaemonSet's controller would put its pod back at once, and a mirror pod is the node's own."""
    owner = controller(pod)
    is_daemon = bool(owner) and owner.get("kind") == "DaemonSet"
    return is_daemon or MIRROR in (pod["metadata"].get("annotations") or {})


def objection(pod: Object, *, force: bool, delete_data: bool) -> str:
    """Why it does not go without being asked for, "" where it does."""
    if is_over(pod):
        return ""
    if not controller(pod) and not force:
        return "is made again by nothing; --force evicts it"
    has_data = any("emptyDir" in volume for volume in pod["spec"].get("volumes") or ())
    return "loses the data in its emptyDir; --delete-emptydir-data evicts it" if has_data and not delete_data else ""


def is_over(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def controller(pod: Object) -> Object:
    owners = pod["metadata"].get("ownerReferences") or ()
    return next((one for one in owners if one.get("controller")), {})


def name_of(pod: Object) -> str:
    return f"pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
