"""Whether allocated devices are ready: binding conditions. Pure. Source: KEP-5007."""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_devices.allocations import results_of
from sampan_machinery.metadata import condition_is, get_condition, parse_time

TIMEOUT = 600.0  # seconds until the conditions have to be true, as upstream


class Readiness(NamedTuple):
    ready: bool
    failed: str = ""  # why it never will be


def readiness(claim: Object) -> Readiness:
    status = claim.get("status") or {}
    said = {_id(each): each for each in status.get("devices") or ()}
    for each in results_of(status):
        if not each.get("bindingConditions"):
            continue
        device = said.get(_id(each))
        if device is None:
            return Readiness(False)
        for name in each.get("bindingFailureConditions") or ():
            found = get_condition(device, name)
            if found is not None and found.get("status") == "True":
                reason, message = found.get("reason") or "", found.get("message") or ""
                where = f"claim={claim['metadata']['name']}, reason={reason}"
                return Readiness(False, f'device binding failed: {where}, message="{message}"')
        if any(not condition_is(device, name) for name in each["bindingConditions"]):
            return Readiness(False)
    return Readiness(True)


def waits(claim: Object) -> bool:
    return any(each.get("bindingConditions") for each in results_of(claim.get("status") or {}))


def is_late(claim: Object, now: float) -> bool:
    """``now``: seconds since the epoch."""
    allocated = ((claim.get("status") or {}).get("allocation") or {}).get("allocationTimestamp")
    return bool(waits(claim) and allocated and parse_time(allocated) + TIMEOUT < now)


def _id(holder: Object) -> tuple[str, str, str]:
    return holder.get("driver") or "", holder.get("pool") or "", holder.get("device") or ""
