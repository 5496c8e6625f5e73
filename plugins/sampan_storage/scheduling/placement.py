"""Whether a pod's claims can have their volumes on one node, and by which. Pure over VolumeObjects and Reservations.
Source: upstream's volume binder (meaning and wording).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sampan.contracts.kinds import Object
from sampan_machinery import quantities, selectors
from sampan_machinery.metadata import annotations_of, get_path, labels_of
from sampan_podspec.claims import usable_on
from sampan_storage import matching
from sampan_storage.claim_binder import SELECTED_NODE
from sampan_storage.claims import class_of
from sampan_storage.scheduling.podclaims import Known, PodClaims
from sampan_storage.scheduling.reservations import ClaimKey, Match, Plan, key_of

NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
AFFINITY = "node(s) didn't match PersistentVolume's node affinity"
NO_SPACE = "node(s) did not have enough free storage"
NOT_THERE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


class Volumes(Known, Protocol):
    """What is needed of VolumeObjects."""

    def unbound_volumes(self, storage_class: str) -> Sequence[Object]: ...

    def driver(self, name: str) -> Object | None: ...

    def capacities(self) -> Sequence[Object]: ...


class Promises(Protocol):
    """What is needed of Reservations."""

    def is_promised(self, volume: str, claim: ClaimKey) -> bool: ...

    def node_of(self, claim: ClaimKey) -> str: ...


class NodeFacts(NamedTuple):
    name: str
    labels: Mapping[str, str]


def place(claims: PodClaims, node: NodeFacts, known: Volumes, promises: Promises) -> Plan | str:
    """What to write so that the pod can run on the node; a str where it cannot: why."""
    for claim in claims.bound:
        volume = known.volume(claim["spec"]["volumeName"])
        if volume is None:
            return NOT_THERE
        if not usable_on(volume, node.labels, node.name):
            return AFFINITY
    matches: list[Match] = []
    provisions: list[Object] = []
    for claim in sorted(claims.delayed, key=_size):
        chosen = annotations_of(claim).get(SELECTED_NODE) or promises.node_of(key_of(claim))
        if chosen and chosen != node.name:
            return NO_VOLUME
        taken = {match.volume["metadata"]["name"] for match in matches}
        volume = None if SELECTED_NODE in annotations_of(claim) else _match(claim, node, known, promises, taken)
        if volume is not None:
            matches.append(Match(claim, volume))
        elif why := _unprovisionable(claim, node, known):
            return why
        else:
            provisions.append(claim)
    return Plan(tuple(matches), tuple(provisions))


def _match(claim: Object, node: NodeFacts, known: Volumes, promises: Promises, taken: set[str]) -> Object | None:
    free = [
        volume for volume in known.unbound_volumes(class_of(claim))
        if volume["metadata"]["name"] not in taken
        and not promises.is_promised(volume["metadata"]["name"], key_of(claim))
    ]  # fmt: skip
    reserved = [volume for volume in free if matching.is_reserved(volume, claim)]
    fitting = [volume for volume in reserved or free if usable_on(volume, node.labels, node.name)]
    return matching.best(claim, fitting, delayed=False)


def _unprovisionable(claim: Object, node: NodeFacts, known: Volumes) -> str:
    """Why no volume can be made for the claim on this node; "" where one can."""
    found = known.storage_class(class_of(claim)) or {}
    provisioner = found.get("provisioner") or ""
    if provisioner in ("", NO_PROVISIONER) or not _in_topology(found.get("allowedTopologies") or (), node.labels):
        return NO_VOLUME
    driver = known.driver(provisioner)
    if driver is None or not get_path(driver, "spec", "storageCapacity", default=False):
        return ""
    is_enough = any(
        capacity.get("storageClassName") == class_of(claim) and _holds(capacity, claim) and _reaches(capacity, node)
        for capacity in known.capacities()
    )
    return "" if is_enough else NO_SPACE


def _in_topology(terms: Sequence[Object], labels: Mapping[str, str]) -> bool:
    """Whether one term has all of its expressions met; without terms every node will do."""
    return not terms or any(
        all(
            labels.get(expression.get("key") or "") in (expression.get("values") or ())
            for expression in term.get("matchLabelExpressions") or ()
        )
        for term in terms
    )


def _holds(capacity: Object, claim: Object) -> bool:
    limit = capacity.get("maximumVolumeSize") or capacity.get("capacity")
    return limit is not None and quantities.compare(limit, matching.wanted_size(claim)) >= 0


def _reaches(capacity: Object, node: NodeFacts) -> bool:
    topology = capacity.get("nodeTopology")
    return topology is not None and selectors.from_object(topology).matches(dict(node.labels))


def _size(claim: Object) -> int:
    return quantities.nanos(matching.wanted_size(claim))


def facts_of(node: Any) -> NodeFacts:
    """From the scheduler's NodeView."""
    return NodeFacts(node.name, labels_of(node.object))
