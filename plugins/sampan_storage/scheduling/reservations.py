"""What has been promised to pods that have a node and whose volumes are not bound in the API yet. Thread-safe."""

from __future__ import annotations

import threading
from typing import NamedTuple

from sampan.contracts.kinds import Object


class ClaimKey(NamedTuple):
    namespace: str
    name: str


class Match(NamedTuple):
    """An existing volume for a claim."""

    claim: Object
    volume: Object


class Plan(NamedTuple):
    """What has to be written so that a pod's claims get volumes on one node."""

    matches: tuple[Match, ...] = ()
    provisions: tuple[Object, ...] = ()  # claims for which a volume has to be made


def key_of(claim: Object) -> ClaimKey:
    return ClaimKey(claim["metadata"]["namespace"], claim["metadata"]["name"])


class Reservations:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: dict[str, Plan] = {}  # by the pod's uid
        self._volumes: dict[str, ClaimKey] = {}  # volume -> the claim that it is promised to
        self._nodes: dict[ClaimKey, tuple[str, str]] = {}  # claim -> (node, uid of the pod)

    def add(self, uid: str, node: str, plan: Plan) -> None:
        with self._lock:
            self._plans[uid] = plan
            for match in plan.matches:
                self._volumes[match.volume["metadata"]["name"]] = key_of(match.claim)
            for claim in (*plan.provisions, *(match.claim for match in plan.matches)):
                self._nodes[key_of(claim)] = node, uid

    def drop(self, uid: str) -> None:
        with self._lock:
            plan = self._plans.pop(uid, None)
            for match in plan.matches if plan else ():
                self._volumes.pop(match.volume["metadata"]["name"], None)
            self._nodes = {key: found for key, found in self._nodes.items() if found[1] != uid}

    def plan_of(self, uid: str) -> Plan | None:
        with self._lock:
            return self._plans.get(uid)

    def is_promised(self, volume: str, claim: ClaimKey) -> bool:
        """Whether the volume is promised to another claim."""
        with self._lock:
            return self._volumes.get(volume, claim) != claim

    def node_of(self, claim: ClaimKey) -> str:
        """The node that has been chosen for the claim; "" for none."""
        with self._lock:
            return self._nodes.get(claim, ("", ""))[0]

    def waiting_for(self, claim: ClaimKey) -> str:
        """The uid of the pod that waits for the claim to be bound; "" for none."""
        with self._lock:
            return self._nodes.get(claim, ("", ""))[1]
