"""The graph of owners by uid, as the watches show it. Pure; must not know how objects are watched or deleted.

Source: Kubernetes docs, "Garbage Collection" and "Owners and Dependents".
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from sampan.contracts.kinds import Object, Resource

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Owner(NamedTuple):
    """One ownerReference."""

    api_version: str
    kind: str
    name: str
    uid: str
    blocks: bool  # blockOwnerDeletion

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


class GraphNode(NamedTuple):
    """One object, as much of it as matters here."""

    resource: Resource
    namespace: str
    name: str
    uid: str
    owners: tuple[Owner, ...]
    deleting: bool
    finalizers: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """It is being deleted in the foreground: it is removed after its dependents."""
        return self.deleting and FOREGROUND in self.finalizers

    @property
    def orphans(self) -> bool:
        """It is being deleted, and its dependents stay."""
        return self.deleting and ORPHAN in self.finalizers


def node_of(resource: Resource, obj: Object) -> GraphNode:
    metadata = obj["metadata"]
    return GraphNode(
        resource,
        metadata.get("namespace", ""),
        metadata["name"],
        metadata.get("uid", ""),
        owners_of(obj),
        bool(metadata.get("deletionTimestamp")),
        tuple(metadata.get("finalizers") or ()),
    )


def owners_of(obj: Object) -> tuple[Owner, ...]:
    return tuple(
        Owner(ref["apiVersion"], ref["kind"], ref["name"], ref["uid"], bool(ref.get("blockOwnerDeletion")))
        for ref in obj["metadata"].get("ownerReferences") or ()
    )


class Graph:
    """Thread-safe: informers write, the collector reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nodes: dict[str, GraphNode] = {}
        self._dependents: dict[str, set[str]] = {}

    def get(self, uid: str) -> GraphNode | None:
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> list[GraphNode]:
        with self._lock:
            return [self._nodes[each] for each in self._dependents.get(uid, ()) if each in self._nodes]

    def put(self, node: GraphNode) -> set[str]:
        """Add or replace an object; returns the uids to check now."""
        with self._lock:
            old = self._nodes.get(node.uid)
            self._nodes[node.uid] = node
            gone = {owner.uid for owner in old.owners} - {owner.uid for owner in node.owners} if old else set()
            for uid in gone:
                self._unlink(uid, node.uid)
            for owner in node.owners:
                self._dependents.setdefault(owner.uid, set()).add(node.uid)
            return self._to_look_at(node, old) | {uid for uid in gone if self._is_waiting(uid)}

    def remove(self, uid: str) -> set[str]:
        """Remove an object; returns the uids to check now: its dependents, and owners that waited for it."""
        with self._lock:
            node = self._nodes.pop(uid, None)
            if node is None:
                return set()
            for owner in node.owners:
                self._unlink(owner.uid, uid)
            waiting = {owner.uid for owner in node.owners if self._is_waiting(owner.uid)}
            return self._dependents.get(uid, set()) | waiting

    def parentless(self) -> set[str]:
        """Objects with an owner that is not in the graph: those to check once the first state is complete."""
        with self._lock:
            return {uid for uid, node in self._nodes.items() if any(o.uid not in self._nodes for o in node.owners)}

    def _to_look_at(self, node: GraphNode, old: GraphNode | None) -> set[str]:
        found: set[str] = set()
        if node.waits or node.orphans:
            found.add(node.uid)
            if old is None or not old.waits:
                found |= self._dependents.get(node.uid, set())
        if (old is None or old.owners != node.owners) and any(self._calls(owner) for owner in node.owners):
            found.add(node.uid)
        if old is not None and old.owners != node.owners:
            found |= {owner.uid for owner in old.owners if self._is_waiting(owner.uid)}
        if node.deleting and (old is None or not old.deleting):
            found |= {owner.uid for owner in node.owners if self._is_waiting(owner.uid)}
        return found

    def _calls(self, owner: Owner) -> bool:
        """Whether this owner is a reason to look at what it owns."""
        known = self._nodes.get(owner.uid)
        return known is None or known.waits or known.name != owner.name

    def _is_waiting(self, uid: str) -> bool:
        node = self._nodes.get(uid)
        return node is not None and node.waits

    def _unlink(self, owner: str, uid: str) -> None:
        found = self._dependents.get(owner)
        if found is not None:
            found.discard(uid)
            if not found:
                del self._dependents[owner]
