"""What a StatefulSet decides: which pods are created, deleted and replaced, in which order. Pure.

Source: the behaviour of upstream's stateful set controller and conformance 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Remove, Requeue, Retry, Update
from sampan.errors import AlreadyExists, StatusError
from sampan_machinery.metadata import get_path, is_deleting, labels_of, resolve_int_or_percent
from sampan_machinery.resources import PODS, STATEFUL_SETS
from sampan_podspec.adoption import adopt_and_release
from sampan_podspec.history import template_of
from sampan_podspec.states import available_in, is_available
from sampan_statefulsets import claims
from sampan_statefulsets.identity import (
    first_ordinal,
    has_identity,
    identity_labels,
    is_member,
    is_wanted,
    new_pod,
    ordinal_of,
    replicas_of,
    revision_of,
)
from sampan_statefulsets.revisions import Revisions, revisions_of
from sampan_statefulsets.status import is_created, is_ready, is_unavailable, min_ready, status_of

_CLAIMS_GO = 1.0  # seconds until claims that are to be deleted are looked at again


@dataclass(frozen=True)
class Rollout:
    """A StatefulSet and its pods at one moment."""

    owner: Object
    revisions: Revisions
    replicas: list[Object]  # by ordinal; one that does not exist is the pod that will be created
    condemned: list[Object]  # beyond the range, highest ordinal first
    observed: Observed

    @property
    def ordered(self) -> bool:
        """One pod after another."""
        return bool(self.owner["spec"].get("podManagementPolicy") != "Parallel")

    def is_unavailable(self, pod: Object) -> bool:
        return is_unavailable(self.owner, pod, self.observed.now)


class _Stop(Exception):
    """Nothing more is to be done now; a pod's next change leads to the next decision."""


def decide(key: Key, observed: Observed) -> list[Action]:
    owner = observed.get(STATEFUL_SETS, key.name, key.namespace)
    if owner is None:
        return []
    mine, adoptions = adopt_and_release(owner, PODS, observed, lambda pod: is_member(owner, pod))
    if adoptions:
        return adoptions  # decided again with what they have changed
    pods = [pod for pod in mine if is_member(owner, pod)]
    revisions = revisions_of(owner, observed)
    if revisions.adoptions:
        return revisions.adoptions
    status = status_of(owner, pods, revisions.current_name, revisions.update_name, observed.now)
    actions: list[Action] = [*revisions.writes]
    if status != (owner.get("status") or {}):
        actions.append(Update(STATEFUL_SETS, {**owner, "status": status}, "status"))
    if not is_deleting(owner):
        actions += _pods(_rollout(owner, revisions, pods, observed))
    actions += revisions.forgotten(pods)
    wait = available_in(pods, min_ready(owner), observed.now)
    return actions if wait is None else [*actions, Requeue(wait)]


def _rollout(owner: Object, revisions: Revisions, pods: list[Object], observed: Observed) -> Rollout:
    there = {ordinal_of(pod): pod for pod in pods}
    first = first_ordinal(owner)
    replicas = [
        there.get(ordinal) or _new(owner, revisions, ordinal) for ordinal in range(first, first + replicas_of(owner))
    ]
    condemned = sorted((pod for pod in pods if not is_wanted(owner, pod)), key=ordinal_of, reverse=True)
    return Rollout(owner, revisions, replicas, condemned, observed)


def _new(owner: Object, revisions: Revisions, ordinal: int) -> Object:
    """Below the partition, or while the current revision is not complete, a pod has the current revision."""
    strategy = owner["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate")
    below = 0
    if rolling is not None:
        below = rolling.get("partition") or 0
    elif strategy.get("type") == "RollingUpdate":
        below = get_path(owner, "status", "currentReplicas", default=0)
    if ordinal < first_ordinal(owner) + below:
        return new_pod(owner, template_of(revisions.current), revisions.current_name, ordinal)
    return new_pod(owner, template_of(revisions.update), revisions.update_name, ordinal)


def _pods(rollout: Rollout) -> list[Action]:
    """What is to be done about pods. The later steps wait for the earlier ones where pods come one after another."""
    actions: list[Action] = []
    try:
        for step in (_replicas, _retained, _scale_down, _update):
            for action in step(rollout):
                actions.append(action)
    except _Stop:
        pass
    except Retry as later:
        actions.append(Requeue(later.after))
    return actions


def _replicas(rollout: Rollout) -> Iterator[Action]:
    """Each ordinal has its pod: created, replaced where it has ended, waited for where pods come in order."""
    for pod in rollout.replicas:
        yield from _replica(rollout, pod)


def _replica(rollout: Rollout, pod: Object) -> Iterator[Action]:
    owner, observed, ordinal = rollout.owner, rollout.observed, ordinal_of(pod)
    phase = get_path(pod, "status", "phase")
    if phase in ("Failed", "Succeeded"):
        if not is_deleting(pod):
            yield from _delete(owner, pod)
        _wait(rollout)
        return
    if not is_created(pod):
        if claims.is_stale(owner, pod, ordinal, observed):
            yield Requeue(_CLAIMS_GO)
        else:
            yield from _create(rollout, pod, ordinal)
        _wait(rollout)
        return
    if phase == "Pending":
        yield from claims.missing(owner, pod, ordinal, observed)
    if rollout.ordered and rollout.is_unavailable(pod):
        raise _Stop
    if not has_identity(owner, pod):
        labels = {**labels_of(pod), **identity_labels(pod)}
        yield Update(PODS, {**pod, "metadata": {**pod["metadata"], "labels": labels}})
    yield from claims.retain(owner, pod, wanted=True, ordinal=ordinal, observed=observed)


def _wait(rollout: Rollout) -> None:
    if rollout.ordered:
        raise _Stop


def _retained(rollout: Rollout) -> Iterator[Action]:
    """Before a pod is scaled away its claims get the owner that the retention policy says."""
    for pod in rollout.condemned:
        yield from claims.retain(rollout.owner, pod, wanted=False, ordinal=ordinal_of(pod), observed=rollout.observed)


def _scale_down(rollout: Rollout) -> Iterator[Action]:
    """The highest ordinal goes first; in order, only while all others are available."""
    first = _first_unavailable(rollout)
    for pod in rollout.condemned:
        if is_deleting(pod):
            _wait(rollout)
            continue
        now = rollout.observed.now
        healthy = is_ready(pod) and is_available(pod, min_ready(rollout.owner), now)
        if rollout.ordered and not healthy and pod is not first:
            raise _Stop
        yield from _delete(rollout.owner, pod)
        _wait(rollout)


def _first_unavailable(rollout: Rollout) -> Object | None:
    return next((pod for pod in [*rollout.replicas, *reversed(rollout.condemned)] if rollout.is_unavailable(pod)), None)


def _update(rollout: Rollout) -> Iterator[Action]:
    """Replace pods of another revision, from the highest ordinal down to the partition."""
    strategy = rollout.owner["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return
    rolling = strategy.get("rollingUpdate") or {}
    candidates = rollout.replicas[rolling.get("partition") or 0 :][::-1]
    if rolling.get("maxUnavailable") is not None:
        yield from _update_several(rollout, candidates, rolling["maxUnavailable"])
        return
    for pod in candidates:
        if _is_outdated(rollout, pod):
            yield from _delete(rollout.owner, pod)
            return
        if rollout.is_unavailable(pod):
            return


def _update_several(rollout: Rollout, candidates: list[Object], most: int | str) -> Iterator[Action]:
    """As many at once as may be unavailable. A small percentage counts as one pod. Source: KEP-961."""
    allowed = max(1, resolve_int_or_percent(most, replicas_of(rollout.owner)))
    left = allowed - sum(map(rollout.is_unavailable, rollout.replicas))
    outdated = [pod for pod in candidates if _is_outdated(rollout, pod)]
    for pod in outdated[: max(0, left)]:
        yield from _delete(rollout.owner, pod)


def _is_outdated(rollout: Rollout, pod: Object) -> bool:
    return revision_of(pod) != rollout.revisions.update_name and not is_deleting(pod)


def _create(rollout: Rollout, pod: Object, ordinal: int) -> Iterator[Action]:
    owner, name = rollout.owner, pod["metadata"]["name"]
    which = f"Pod {name} in StatefulSet {owner['metadata']['name']}"

    def refused(error: StatusError) -> list[Action]:
        if isinstance(error, AlreadyExists):
            return []
        return [Emit(owner, "Warning", "FailedCreate", f"Create {which} failed error: {error}")]

    yield from claims.missing(owner, pod, ordinal, rollout.observed)
    yield Create(PODS, pod, on_failure=refused)
    yield Emit(owner, "Normal", "SuccessfulCreate", f"Create {which} successful")


def _delete(owner: Object, pod: Object) -> Iterator[Action]:
    meta = pod["metadata"]
    which = f"Pod {meta['name']} in StatefulSet {owner['metadata']['name']}"
    yield Remove(PODS, meta["name"], meta["namespace"], uid=meta["uid"])
    yield Emit(owner, "Normal", "SuccessfulDelete", f"Delete {which} successful")
