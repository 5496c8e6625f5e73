"""Pods that no Job counts any more lose the tracking finalizer. Pure.

Their Job is gone, has finished, or has released them. A reconciler of pods: a Job that is gone has no key under which
its pods could be found.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed
from sampan_batch.endings import is_finished
from sampan_batch.jobs import is_ours
from sampan_batch.pods import has_finalizer, uncounted
from sampan_machinery.metadata import controller_of, key_of
from sampan_machinery.resources import JOBS, PODS


def decide(key: Key, observed: Observed) -> list[Action]:
    pod = observed.get(PODS, key.name, key.namespace)
    if pod is None or not has_finalizer(pod) or _is_counted(pod, observed):
        return []
    return [uncounted(pod)]


def _is_counted(pod: Object, observed: Observed) -> bool:
    """Whether a Job, or a controller that manages it in its place, still needs the finalizer."""
    controller = controller_of(pod)
    if controller is None:
        return False
    if controller.get("kind") != JOBS.kind or controller.get("apiVersion") != JOBS.api_version:
        return True
    job = observed.get(JOBS, controller["name"], pod["metadata"]["namespace"])
    if job is None or job["metadata"]["uid"] != controller["uid"]:
        return False
    return not is_ours(job) or not is_finished(job)


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    """Most pods are no Job's: they make no key."""
    return (Key(*key_of(pod)),) if has_finalizer(pod) else ()


def keys_of_job(job: Object, observed: Observed) -> Iterable[Key]:
    """The pods of a Job that has finished or is gone."""
    now = observed.get(JOBS, job["metadata"]["name"], job["metadata"]["namespace"])
    if now is not None and now["metadata"]["uid"] == job["metadata"]["uid"] and not is_finished(now):
        return ()
    return [Key(*key_of(pod)) for pod in observed.owned(PODS, job["metadata"]["uid"]) if has_finalizer(pod)]
