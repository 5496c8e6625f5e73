"""The controller that deletes pods whose devices have got a taint with the effect NoExecute that they do not tolerate.

Pure. Keys are claims. A taint that is tolerated for a time counts from when it was added. Source: upstream's
device-taint-eviction controller (meaning, wording), KEP-5055.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed, Patch, Remove, Requeue
from sampan_devices.taints import tolerates
from sampan_machinery.metadata import is_deleting, now_text, observed_generation, parse_time
from sampan_machinery.resources import PODS
from sampan_machinery.resources import RESOURCE_CLAIMS as CLAIMS
from sampan_machinery.resources import RESOURCE_SLICES as SLICES
from sampan_podspec.device_claims import allocation_of, is_done, reservations

NO_EXECUTE = "NoExecute"


def keys_of_slice(found: Object, observed: Observed) -> Iterable[Key]:
    """Claims with a device of its pool, where one of its devices has such a taint."""
    if not any(_taints(device) for device in found["spec"].get("devices") or ()):
        return
    spec = found["spec"]
    for claim in observed.list(CLAIMS):
        if any((one["driver"], one["pool"]) == (spec["driver"], spec["pool"]["name"]) for one in _results(claim)):
            yield Key(claim["metadata"]["namespace"], claim["metadata"]["name"])


def decide(key: Key, observed: Observed) -> Iterable[Action]:
    claim = observed.get(CLAIMS, key.name, key.namespace)
    if claim is None or not reservations(claim):
        return
    due = eviction_time(claim, list(observed.list(SLICES)))
    if due is None:
        return
    pods = list(_pods(claim, observed))
    if pods and due > observed.now:
        yield Requeue(due - observed.now)
        return
    for pod in pods:
        yield from _evict(pod, observed.now)


def eviction_time(claim: Object, slices: list[Object]) -> float | None:
    """When the pods of the claim have to go; None: they stay."""
    moments = [
        moment for result in _results(claim) for taint in _taints_of(result, slices)
        if (moment := _end(taint, result.get("tolerations") or ())) is not None
    ]  # fmt: skip
    return min(moments, default=None)


def _end(taint: Object, tolerations: Iterable[Object]) -> float | None:
    """When that taint ends the use of the device. Of several tolerations the one for the shortest time counts."""
    added = parse_time(taint["timeAdded"]) if taint.get("timeAdded") else 0.0
    fitting = [one for one in tolerations if one.get("effect") == NO_EXECUTE and tolerates(one, taint)]
    seconds = [one["tolerationSeconds"] for one in fitting if one.get("tolerationSeconds") is not None]
    if len(seconds) < len(fitting):
        return None  # one of them is for ever
    return added + max(0, min(seconds, default=0))


def _results(claim: Object) -> list[Object]:
    allocation = allocation_of(claim) or {}
    return list((allocation.get("devices") or {}).get("results") or ())


def _taints(device: Object) -> list[Object]:
    return [one for one in device.get("taints") or () if one.get("effect") == NO_EXECUTE]


def _taints_of(result: Object, slices: list[Object]) -> Iterator[Object]:
    """Of the device as the newest generation of its pool shows it."""
    pool = [
        one["spec"] for one in slices
        if (one["spec"]["driver"], one["spec"]["pool"]["name"]) == (result["driver"], result["pool"])
    ]  # fmt: skip
    newest = max((one["pool"].get("generation") or 0 for one in pool), default=0)
    for spec in pool:
        if (spec["pool"].get("generation") or 0) == newest:
            for device in spec.get("devices") or ():
                if device["name"] == result["device"]:
                    yield from _taints(device)


def _pods(claim: Object, observed: Observed) -> Iterator[Object]:
    for one in reservations(claim):
        if one.get("apiGroup") or one.get("resource") != "pods":
            continue
        pod = observed.get(PODS, one["name"], claim["metadata"]["namespace"])
        if pod is not None and pod["metadata"]["uid"] == one["uid"] and not is_deleting(pod) and not is_done(pod):
            yield pod


def _evict(pod: Object, now: float) -> Iterator[Action]:
    meta = pod["metadata"]
    about = {"apiVersion": "v1", "kind": "Pod", **pod}
    yield Emit(about, "Normal", "DeviceTaintManagerEviction", "Marking for deletion")
    condition = {
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByDeviceTaintManager",
        "message": "Device Taint manager: deleting due to NoExecute taint", "lastTransitionTime": now_text(now),
        **observed_generation(pod),
    }  # fmt: skip
    change = {"metadata": {"uid": meta["uid"]}, "status": {"conditions": [condition]}}
    yield Patch(PODS, meta["name"], meta["namespace"], change, how="strategic", subresource="status")
    yield Remove(PODS, meta["name"], meta["namespace"], uid=meta["uid"])
