"""What the scheduler writes to claims: allocation and reservation before a pod is bound, and what takes them back.

Blocking: called by binders, never with the scheduler's lock held.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound, StatusError
from sampan_machinery.metadata import add_finalizer, copy, is_deleting, now_text, remove_finalizer
from sampan_machinery.resources import PODS, RESOURCE_CLAIMS
from sampan_podspec.device_claims import FINALIZER, allocation_of, is_reserved_for, reservation, reservations

log = logging.getLogger(__name__)

TRIES = 5  # of a write that another writer was faster than


def bind(client: Any, claim: Object, pod: Object, allocation: Object | None, now: float) -> Object:
    """Reserve the claim for the pod; with the allocation where it is to get one. Returns the claim as it is then.
    ``now``: seconds since the epoch.

    Raises LookupError where the claim has changed so that the pod needs another decision, and StatusError.
    """
    for left in reversed(range(TRIES)):
        try:
            return _bind(client, copy(claim), pod, allocation, now)
        except Conflict:
            if not left:
                raise
        claim = client.get(RESOURCE_CLAIMS, claim["metadata"]["name"], claim["metadata"]["namespace"])
    raise AssertionError("unreachable")


def _bind(client: Any, claim: Object, pod: Object, allocation: Object | None, now: float) -> Object:
    name = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
    if is_deleting(claim):
        raise LookupError(f"claim {name} got deleted in the meantime")
    if is_reserved_for(claim, pod):
        return claim
    if allocation is not None:
        if allocation_of(claim) is not None:
            raise LookupError(f"claim {name} got allocated elsewhere in the meantime")
        if add_finalizer(claim, FINALIZER):
            claim = client.update(RESOURCE_CLAIMS, claim)
        claim.setdefault("status", {})["allocation"] = {**allocation, "allocationTimestamp": now_text(now)}
    elif allocation_of(claim) is None:
        raise LookupError(f"claim {name} got deallocated elsewhere in the meantime")
    status = claim["status"]
    status["reservedFor"] = [*(status.get("reservedFor") or ()), reservation(pod)]
    written: Object = client.update(RESOURCE_CLAIMS, claim, subresource="status")
    return written


def release(client: Any, claim: Object, pod: Object) -> None:
    """Take back the reservation for a pod that was not bound."""
    metadata = claim["metadata"]
    uid = {"uid": pod["metadata"]["uid"], "$patch": "delete"}
    patch = {"metadata": {"uid": metadata["uid"]}, "status": {"reservedFor": [uid]}}
    try:
        client.patch(
            RESOURCE_CLAIMS, metadata["name"], patch, metadata["namespace"], how="strategic", subresource="status"
        )
    except NotFound:
        return
    except (StatusError, OSError) as error:
        log.warning("claim %s/%s: its reservation stays: %s", metadata["namespace"], metadata["name"], error)


def make(client: Any, claim: Object, pod: Object, status: Callable[[Object], Object]) -> Object:
    """Create a claim for the pod, and name it in the pod's status. Raises StatusError."""
    metadata = pod["metadata"]
    made: Object = client.create(RESOURCE_CLAIMS, claim, metadata["namespace"])
    patch = {"metadata": {"uid": metadata["uid"]}, "status": status(made)}
    try:
        client.patch(PODS, metadata["name"], patch, metadata["namespace"], how="merge", subresource="status")
    except (StatusError, OSError):
        remove(client, made)
        raise
    return made


def remove(client: Any, claim: Object) -> None:
    """Delete a claim that was made for a pod which was not bound, and free its devices with it."""
    metadata = claim["metadata"]
    try:
        without = copy(client.get(RESOURCE_CLAIMS, metadata["name"], metadata["namespace"]))
        if without["metadata"]["uid"] != metadata["uid"]:
            return
        if remove_finalizer(without, FINALIZER):
            client.update(RESOURCE_CLAIMS, without)
        client.delete(RESOURCE_CLAIMS, metadata["name"], metadata["namespace"], uid=metadata["uid"])
    except NotFound:
        return
    except (StatusError, OSError) as error:
        log.warning("claim %s/%s stays: %s", metadata["namespace"], metadata["name"], error)


def deallocate(client: Any, claim: Object, pod: Object) -> None:
    """Give the devices back of a claim that no other pod has reserved: elsewhere there may be some that the pod can
    use. A claim that has changed meanwhile is left alone."""
    if any(each.get("uid") != pod["metadata"]["uid"] for each in reservations(claim)):
        return
    changed = copy(claim)
    for field in ("allocation", "reservedFor", "devices"):
        changed["status"].pop(field, None)
    try:
        client.update(RESOURCE_CLAIMS, changed, subresource="status")
    except (Conflict, NotFound):
        return
    except (StatusError, OSError) as error:
        metadata = claim["metadata"]
        log.warning("claim %s/%s stays allocated: %s", metadata["namespace"], metadata["name"], error)
