"""What to do with one object, given the state of its owners. Pure.

Source: Kubernetes docs, "Garbage Collection": an object goes when it has owners and none of them is left; an owner that
is deleted in the foreground waits for the dependents that block it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sampan_gc.graph import FOREGROUND, ORPHAN, GraphNode, Owner


class OwnerState(Enum):
    """The state of an owner."""

    SOLID = "solid"
    DANGLING = "dangling"  # there is no such object, or another one with its name
    WAITING = "waiting"  # being deleted in the foreground


@dataclass(frozen=True)
class Keep:
    """Leave it alone."""


@dataclass(frozen=True)
class RemoveOwners:
    """Remove the references to these owners; another owner is still there."""

    uids: tuple[str, ...]


@dataclass(frozen=True)
class Delete:
    propagation: str
    unblock: bool = False  # first say that no owner needs to wait for it: it is part of a ring


Verdict = Keep | RemoveOwners | Delete


def judge(node: GraphNode, owners: Sequence[tuple[Owner, OwnerState]], dependents: Sequence[GraphNode]) -> Verdict:
    if not owners:
        return Keep()
    solid = any(standing is OwnerState.SOLID for _, standing in owners)
    lost = tuple(owner.uid for owner, standing in owners if standing is not OwnerState.SOLID)
    if solid:
        return RemoveOwners(lost) if lost else Keep()
    waiting = any(standing is OwnerState.WAITING for _, standing in owners)
    if waiting and dependents:
        return Delete("Foreground", unblock=any(each.waits for each in dependents))
    if ORPHAN in node.finalizers:
        return Delete("Orphan")
    return Delete("Foreground" if FOREGROUND in node.finalizers else "Background")


def blocking(node: GraphNode, dependents: Sequence[GraphNode]) -> list[GraphNode]:
    """The dependents that a deletion in the foreground waits for."""
    return [each for each in dependents if any(owner.uid == node.uid and owner.blocks for owner in each.owners)]
