"""Devices of this node's pods: prepared by their drivers before containers start, unprepared after the last pod.

Source: kubelet's DRA manager (meaning, its wording); k8s.io/kubelet pkg/apis/dra/v1.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, SampanError
from sampan_dra.channel import SERVICE
from sampan_dra.drivers import Driver
from sampan_dra.prepared import GivenDevice, PreparedClaim, PreparedClaims
from sampan_machinery.metadata import get_path, is_controlled_by
from sampan_machinery.resources import RESOURCE_CLAIMS
from sampan_podspec.device_claims import ClaimUse, allocation_of, claim_uses, is_reserved_for, not_made_for
from sampan_runtime.contracts import RuntimeFailure

REASON = "FailedPrepareDynamicResources"
EXTENDED = ""  # the name of the claim that was made for a pod's extended resources, among the pod's claims


class Registered(Protocol):
    """What is needed of Drivers."""

    def get(self, name: str) -> Driver | None: ...

    def close(self) -> None: ...


class Refused(RuntimeFailure):
    def __init__(self, message: str) -> None:
        super().__init__(REASON, f"Failed to prepare dynamic resources: {message}")


class DynamicDevices:
    """``client`` has the node's identity."""

    name = "dynamic resources"

    def __init__(self, drivers: Registered, client: Any, prepared: PreparedClaims) -> None:
        self._drivers, self._client, self._prepared = drivers, client, prepared
        self._lock = threading.Lock()  # claims are shared among pods, and drivers are asked one at a time

    def prepare(self, pod: Object) -> None:
        uses = list(uses_of(pod))
        if not uses or self._is_ready(pod, uses):
            return
        with self._lock:
            try:
                wanted = [self._looked_at(pod, use) for use in uses]
                for claim, drivers in wanted:
                    self._prepare(pod, claim, drivers)
            except (SampanError, OSError) as error:
                raise error if isinstance(error, RuntimeFailure) else Refused(str(error)) from error

    def names(self, pod: Object, container: Object) -> Sequence[str]:
        claims = {use.name: use.claim for use in uses_of(pod)}
        found: list[str] = []
        for one in (container.get("resources") or {}).get("claims") or ():
            found += self._names(pod, claims.get(one["name"]), one.get("request") or "")
        for request in extended_requests(pod, container):
            found += self._names(pod, claims.get(EXTENDED), request)
        return list(dict.fromkeys(found))

    def release(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if not self._prepared.of_pod(uid):
            return
        with self._lock:
            try:
                for claim in self._prepared.of_pod(uid):
                    self._release(claim, uid)
            except (SampanError, OSError) as error:
                raise RuntimeFailure("FailedUnprepareDynamicResources", str(error)) from error

    def close(self) -> None:
        self._drivers.close()

    # one claim

    def _is_ready(self, pod: Object, uses: Iterable[ClaimUse]) -> bool:
        ready = {(one.namespace, one.name) for one in self._prepared.of_pod(pod["metadata"]["uid"]) if one.done}
        return all((pod["metadata"]["namespace"], use.claim) in ready for use in uses)

    def _looked_at(self, pod: Object, use: ClaimUse) -> tuple[Object, list[Driver]]:
        """The claim, which the pod may use, and its drivers. Nothing is done before all claims are so."""
        namespace = pod["metadata"]["namespace"]
        if use.claim is None:
            raise Refused(f'pod "{namespace}/{pod["metadata"]["name"]}": ResourceClaim not created yet')
        try:
            claim: Object = self._client.get(RESOURCE_CLAIMS, use.claim, namespace)
        except NotFound as error:
            raise Refused(f'resourceclaim.resource.k8s.io "{use.claim}" not found') from error
        if use.made and not is_controlled_by(claim, pod):
            raise Refused(not_made_for(claim, pod))
        if not is_reserved_for(claim, pod):
            meta, uid = pod["metadata"], claim["metadata"]["uid"]
            raise Refused(f"pod {meta['name']} ({meta['uid']}) is not allowed to use ResourceClaim {use.claim} ({uid})")
        if allocation_of(claim) is None:
            raise Refused(f"ResourceClaim {use.claim}: not allocated")
        return claim, [self._driver(name) for name in drivers_of(claim)]

    def _driver(self, name: str) -> Driver:
        found = self._drivers.get(name)
        if found is None:
            raise Refused(f"DRA driver {name} is not registered")
        return found

    def _prepare(self, pod: Object, claim: Object, drivers: list[Driver]) -> None:
        meta, uid = claim["metadata"], pod["metadata"]["uid"]
        known = self._prepared.get(meta["uid"])
        if known is None and (old := self._prepared.named(meta["namespace"], meta["name"])) is not None:
            text = f"old ResourceClaim with same name {meta['name']} and different UID {old.uid} still exists"
            raise Refused(text)
        names = tuple(driver.name for driver in drivers)
        known = known or PreparedClaim(meta["uid"], meta["namespace"], meta["name"], names)
        known = replace(known, pods=known.pods | {uid})
        self._prepared.put(known)
        if known.done:
            return
        devices = [device for driver in drivers for device in _ask(driver, known)]
        self._prepared.put(replace(known, devices=tuple(devices), done=True))

    def _release(self, claim: PreparedClaim, pod: str) -> None:
        """The claim is forgotten after its drivers have answered."""
        if claim.pods - {pod}:
            self._prepared.let_go(claim.uid, pod)
            return
        for name in claim.drivers:
            _answered(self._driver(name), "NodeUnprepareResources", claim)
        self._prepared.remove(claim.uid)

    def _names(self, pod: Object, claim: str | None, request: str) -> list[str]:
        if claim is None:
            return []
        found = self._prepared.named(pod["metadata"]["namespace"], claim)
        if found is None or not found.done:
            raise Refused(f"ResourceClaim {claim} is not prepared")
        return list(found.names_for(request))


def uses_of(pod: Object) -> Iterator[ClaimUse]:
    """The pod's claims, that of its extended resources among them."""
    yield from claim_uses(pod)
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus") or {}
    if name := extended.get("resourceClaimName"):
        yield ClaimUse(EXTENDED, name, False)


def extended_requests(pod: Object, container: Object) -> Iterator[str]:
    """Requests of that claim whose devices the container gets."""
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus") or {}
    for one in extended.get("requestMappings") or ():
        if one.get("containerName") == container["name"]:
            yield one["requestName"]


def drivers_of(claim: Object) -> list[str]:
    results = get_path(claim, "status", "allocation", "devices", "results", default=None)
    return list(dict.fromkeys(result["driver"] for result in results or ()))


def _ask(driver: Driver, claim: PreparedClaim) -> Iterator[GivenDevice]:
    for device in _answered(driver, "NodePrepareResources", claim)["devices"]:
        yield GivenDevice(tuple(device["request_names"]), tuple(device["cdi_device_ids"]))


def _answered(driver: Driver, method: str, claim: PreparedClaim) -> dict[str, Any]:
    """What the driver says of the claim. Raises Refused where that is no success, CallFailure."""
    answer = driver.channel.call(SERVICE, method, claims=[_asked(claim)])
    said = _of(answer["claims"], claim.uid)
    if said is None:
        raise Refused(f"DRA driver {driver.name} left claim {claim.name} out of its answer")
    if said["error"]:
        raise Refused(f"{method} failed for ResourceClaim {claim.name}: {said['error']}")
    return said


def _asked(claim: PreparedClaim) -> dict[str, str]:
    return {"namespace": claim.namespace, "uid": claim.uid, "name": claim.name}


def _of(entries: list[dict[str, Any]], uid: str) -> dict[str, Any] | None:
    """An entry that is there without a message is an empty one."""
    for entry in entries:
        if entry["key"] == uid:
            return entry["value"] or {"devices": [], "error": ""}
    return None
