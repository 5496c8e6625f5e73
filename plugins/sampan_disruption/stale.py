"""Resets the condition DisruptionTarget of a pod that was about to be evicted and never was. Pure.

Source: upstream's disruption controller, stalePodDisruptionTimeout.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Requeue, Update
from sampan_machinery.metadata import (
    copy,
    get_condition,
    get_path,
    is_deleting,
    key_of,
    now_text,
    parse_time,
    set_condition,
)
from sampan_machinery.resources import PODS

TYPE = "DisruptionTarget"
BY_KUBELET = "TerminationByKubelet"
TIMEOUT = 120.0  # seconds after which a pod that is not deleted is no disruption's target any more


def marked(pod: Object, observed: Observed) -> Iterable[Key]:
    """For the watch: only pods whose condition may become stale."""
    return (Key(*key_of(pod)),) if _since(pod) is not None else ()


def decide(key: Key, observed: Observed) -> list[Action]:
    pod = observed.get(PODS, key.name, key.namespace)
    since = None if pod is None else _since(pod)
    if pod is None or since is None:
        return []
    left = since + TIMEOUT - observed.now
    if left > 0:
        return [Requeue(left)]
    status = copy(pod["status"])
    generation = pod["metadata"].get("generation")
    set_condition(status, TYPE, "False", now=now_text(observed.now), observedGeneration=generation)
    return [Update(PODS, {**pod, "status": status}, "status")]


def _since(pod: Object) -> float | None:
    """When the condition became true, of a pod that is neither terminating nor finished. Those of the node agent are
    never stale: a pod may take long to end."""
    condition = get_condition(pod.get("status"), TYPE)
    if condition is None or condition.get("status") != "True" or condition.get("reason") == BY_KUBELET:
        return None
    if is_deleting(pod) or get_path(pod, "status", "phase") in ("Succeeded", "Failed"):
        return None
    return parse_time(condition["lastTransitionTime"]) if condition.get("lastTransitionTime") else 0.0
