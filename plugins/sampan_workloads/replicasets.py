"""What a ReplicaSet or a ReplicationController decides: creates and deletes pods, and reports the status. Pure.

Source: the behaviour of upstream's replica set controller and conformance 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Create, Key, Observed, Remove, Requeue, Update
from sampan.errors import StatusError
from sampan_machinery.metadata import (
    controller_of,
    copy,
    get_condition,
    is_deleting,
    labels_of,
    now_text,
    remove_condition,
    set_condition,
)
from sampan_machinery.resources import PODS, REPLICA_SETS
from sampan_machinery.selectors import from_labels
from sampan_podspec.adoption import SelectorOf, adopt_and_release, selector_of
from sampan_podspec.states import available_in, is_active, is_available, is_ready, is_terminating, to_delete
from sampan_podspec.templates import pod_from

_BURST = 500  # pods created or deleted in one decision


@dataclass(frozen=True)
class ReplicaController:
    """The controller of one kind: ``decide`` is what a Reconciler calls."""

    resource: Resource
    select: SelectorOf = selector_of
    terminating: bool = True  # whether the status has terminatingReplicas

    def decide(self, key: Key, observed: Observed) -> list[Action]:
        owner = observed.get(self.resource, key.name, key.namespace)
        if owner is None:
            return []
        mine, actions = adopt_and_release(owner, PODS, observed, is_active, select=self.select)
        active = [pod for pod in mine if is_active(pod)]
        terminating = sum(map(is_terminating, mine)) if self.terminating else None
        if not is_deleting(owner):
            actions += self._manage(owner, active, terminating, observed)
        actions += self._write(owner, status_of(owner, active, terminating, observed.now))
        wait = available_in(active, owner["spec"].get("minReadySeconds") or 0, observed.now)
        if wait is not None:
            actions.append(Requeue(wait))
        return actions

    def _manage(
        self, owner: Object, active: Sequence[Object], terminating: int | None, observed: Observed
    ) -> list[Action]:
        """Pods to create or delete. Creates go one after the other and end with the first refusal: a quota that is full
        costs one request, not five hundred (upstream's slow start has the same purpose)."""
        missing = owner["spec"].get("replicas", 1) - len(active)
        if missing > 0:

            def refused(error: StatusError) -> list[Action]:
                failed = status_of(owner, active, terminating, observed.now, failure=("FailedCreate", str(error)))
                return self._write(owner, failed)

            template = owner["spec"]["template"]
            return [
                Create(PODS, pod_from(template, owner, observed.name_suffix()), event_on=owner, on_failure=refused)
                for _ in range(min(missing, _BURST))
            ]
        count = min(-missing, _BURST)
        if not count:
            return []
        doomed = to_delete(active, _related(owner, observed), count, observed.now)
        return [
            Remove(PODS, meta["name"], meta["namespace"], uid=meta["uid"], event_on=owner)
            for meta in (pod["metadata"] for pod in doomed)
        ]

    def _write(self, owner: Object, status: Object) -> list[Action]:
        if status == (owner.get("status") or {}):
            return []
        return [Update(self.resource, {**owner, "status": status}, "status")]


decide = ReplicaController(REPLICA_SETS).decide


def _related(replica_set: Object, observed: Observed) -> list[Object]:
    """The active pods of every ReplicaSet with the same controller."""
    controller = controller_of(replica_set)
    family = [replica_set] if controller is None else observed.owned(REPLICA_SETS, controller["uid"])
    return [pod for each in family for pod in observed.owned(PODS, each["metadata"]["uid"]) if is_active(pod)]


def status_of(
    replica_set: Object,
    active: Sequence[Object],
    terminating: int | None,
    now: float,
    *,
    failure: tuple[str, str] | None = None,
) -> Object:
    """The status to show; conditions that are not ours stay. ``failure``: reason and message of ReplicaFailure."""
    spec = replica_set["spec"]
    template = from_labels((spec["template"].get("metadata") or {}).get("labels"))
    status: Object = copy(replica_set.get("status") or {})
    counts = {
        "fullyLabeledReplicas": sum(template.matches(labels_of(pod)) for pod in active),
        "readyReplicas": sum(map(is_ready, active)),
        "availableReplicas": sum(is_available(pod, spec.get("minReadySeconds") or 0, now) for pod in active),
    }
    for name, count in counts.items():
        status[name] = count
        if not count:
            del status[name]  # as upstream omits it
    status["replicas"] = len(active)
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    status["observedGeneration"] = replica_set["metadata"].get("generation", 0)
    if failure is not None:
        # The message names the pod that was refused, another one each time: only the reason counts as a change.
        if (get_condition(status, "ReplicaFailure") or {}).get("reason") != failure[0]:
            set_condition(status, "ReplicaFailure", "True", now=now_text(now), reason=failure[0], message=failure[1])
    elif remove_condition(status, "ReplicaFailure") and not status["conditions"]:
        del status["conditions"]
    return status
