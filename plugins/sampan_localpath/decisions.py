"""What this node has to do about a claim or a volume. Pure.

Source: the meaning of upstream's external provisioner and resizer, with node deployment: each node does its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.kinds import Object
from sampan_localpath.naming import HOSTNAME, PROVISIONER
from sampan_machinery import quantities
from sampan_machinery.metadata import annotations_of, get_path, has_finalizer, is_deleting
from sampan_volumes.provisioning import ASKED_PROVISIONER, FINALIZER, PROVISIONED_BY, SELECTED_NODE


@dataclass(frozen=True)
class Provision:
    """Make a volume for the claim."""


@dataclass(frozen=True)
class ChooseNode:
    """The claim's class binds at once: one of the nodes has to make the volume."""


@dataclass(frozen=True)
class Expand:
    """Write the size that the claim asks for into its volume and its status."""

    size: str


@dataclass(frozen=True)
class Remove:
    """Remove the directory, then the volume."""


@dataclass(frozen=True)
class Release:
    """Let the volume go; its directory stays."""


def about_claim(claim: Object, volume: Object | None, node: str) -> Provision | ChooseNode | Expand | None:
    """``volume`` is the one that the claim names, where it exists."""
    if is_deleting(claim):
        return None
    if get_path(claim, "spec", "volumeName", default=""):
        return _growth(claim, volume, node)
    annotations = annotations_of(claim)
    if annotations.get(ASKED_PROVISIONER) != PROVISIONER:
        return None
    chosen = annotations.get(SELECTED_NODE)
    if not chosen:
        return ChooseNode()
    return Provision() if chosen == node else None


def _growth(claim: Object, volume: Object | None, node: str) -> Expand | None:
    if volume is None or not is_mine(volume, node) or get_path(claim, "status", "phase", default="") != "Bound":
        return None
    wanted = get_path(claim, "spec", "resources", "requests", "storage", default="0")
    there = get_path(volume, "spec", "capacity", "storage", default="0")
    told = get_path(claim, "status", "capacity", "storage", default=None)
    if told is None or get_path(volume, "spec", "claimRef", "uid", default="") != claim["metadata"]["uid"]:
        return None
    if quantities.compare(wanted, told) > 0 or quantities.compare(wanted, there) > 0:
        return Expand(wanted)
    return None


def about_volume(volume: Object, node: str) -> Remove | Release | None:
    if not is_mine(volume, node):
        return None
    phase = get_path(volume, "status", "phase", default="")
    deleting = is_deleting(volume)
    if get_path(volume, "spec", "persistentVolumeReclaimPolicy", default="") == "Delete":
        is_free = phase == "Released" or (deleting and phase != "Bound" and has_finalizer(volume, FINALIZER))
        return Remove() if is_free else None
    return Release() if deleting and has_finalizer(volume, FINALIZER) else None


def is_mine(volume: Object, node: str) -> bool:
    """Whether this provisioner made it on that node."""
    return annotations_of(volume).get(PROVISIONED_BY) == PROVISIONER and node_of(volume) == node


def node_of(volume: Object) -> str:
    """By the node affinity that it was made with."""
    for term in get_path(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms", default=()) or ():
        for expression in term.get("matchExpressions") or ():
            if expression.get("key") == HOSTNAME:
                return next(iter(expression.get("values") or ()), "")
    return ""
