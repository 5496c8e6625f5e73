"""Deletes finished Jobs after ttlSecondsAfterFinished, their pods first. Pure."""

from __future__ import annotations

from sampan.contracts.reconciling import Action, Key, Observed, Remove, Requeue
from sampan_batch.endings import finished_since
from sampan_machinery.metadata import is_deleting
from sampan_machinery.resources import JOBS


def decide(key: Key, observed: Observed) -> list[Action]:
    job = observed.get(JOBS, key.name, key.namespace)
    if job is None or is_deleting(job):
        return []
    ttl, finished = job["spec"].get("ttlSecondsAfterFinished"), finished_since(job)
    if ttl is None or finished is None:
        return []
    left = finished + ttl - observed.now
    if left > 0:
        return [Requeue(left)]
    meta = job["metadata"]
    # The revision as well: should the field have been changed since, the Job is looked at again first.
    return [
        Remove(
            JOBS, meta["name"], meta["namespace"], uid=meta["uid"], resource_version=meta["resourceVersion"],
            propagation="Foreground",
        )
    ]  # fmt: skip
