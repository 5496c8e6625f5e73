"""What a Deployment decides: which ReplicaSets there are and how large each is. Pure.

Source: the behaviour of upstream's deployment controller and conformance 4.2; the arithmetic is in ``proportions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Remove, Requeue, Update
from sampan.errors import AlreadyExists, StatusError
from sampan_machinery.metadata import annotations_of, controller_of, copy, get_condition, get_path, is_deleting
from sampan_machinery.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from sampan_podspec.adoption import adopt_and_release
from sampan_podspec.states import is_active
from sampan_workloads import progress
from sampan_workloads.proportions import (
    DESIRED,
    RolloutBounds,
    annotated,
    available,
    bounds_of,
    new_size,
    old_sizes,
    scaled_sizes,
    wanted,
)
from sampan_workloads.revisions import (
    REVISION,
    annotated_as,
    by_age,
    new_replica_set,
    newest_of,
    next_revision,
    revision_of,
    size_annotations,
)


@dataclass(frozen=True)
class Rollout:
    """A Deployment and its ReplicaSets at one moment; ``old`` is sorted, oldest first."""

    deployment: Object
    new: Object | None
    old: list[Object]
    bounds: RolloutBounds
    now: float

    @property
    def everybody(self) -> list[Object]:
        return [*self.old, self.new] if self.new else self.old

    @property
    def active(self) -> list[Object]:
        return [rs for rs in self.everybody if wanted(rs) > 0]


def decide(key: Key, observed: Observed) -> list[Action]:
    deployment = observed.get(DEPLOYMENTS, key.name, key.namespace)
    if deployment is None:
        return []
    mine, adoptions = adopt_and_release(deployment, REPLICA_SETS, observed)
    if adoptions:
        return adoptions  # decided again with what they have changed
    new = newest_of(deployment, mine)
    rollout = Rollout(deployment, new, by_age(rs for rs in mine if rs is not new), bounds_of(deployment), observed.now)
    if is_deleting(deployment):
        return _report(rollout)
    if _pause_changed(rollout):
        return _note_pause(rollout)
    marked = _mark_revision(rollout)
    if marked:
        return marked
    if deployment["spec"].get("paused") or _is_scaled(rollout):
        return _scale(rollout) or _report(rollout)
    if rollout.bounds.rolling:
        return _roll(rollout)
    return _recreate(rollout, observed)


# -- the strategies


def _roll(rollout: Rollout) -> list[Action]:
    new, bounds = rollout.new, rollout.bounds
    size = new_size(bounds, rollout.everybody, wanted(new) if new else 0)
    if new is None:
        return _create(rollout, size)
    if size != wanted(new):
        return [*_resize(rollout, new, size), *_report(rollout)]
    sizes = old_sizes(bounds, new, rollout.old)
    shrunk = [a for rs in rollout.old for a in _resize(rollout, rs, sizes.get(rs["metadata"]["uid"], wanted(rs)))]
    return [*shrunk, *([] if shrunk else _forget(rollout)), *_report(rollout)]


def _recreate(rollout: Rollout, observed: Observed) -> list[Action]:
    """Old and new pods never run together: the new ReplicaSet waits until the last old pod is deleted, not only
    terminating."""
    running = [action for rs in rollout.old for action in _resize(rollout, rs, 0)]
    if running:
        return [*running, *_report(rollout)]
    lingering = any(
        get_path(pod, "status", "phase") not in ("Succeeded", "Failed")
        for rs in rollout.old
        for pod in observed.owned(PODS, rs["metadata"]["uid"])
    )
    if lingering:
        return _report(rollout)
    if rollout.new is None:
        return _create(rollout, rollout.bounds.replicas)
    grown = _resize(rollout, rollout.new, rollout.bounds.replicas)
    return [*grown, *([] if grown else _forget(rollout)), *_report(rollout)]


def _scale(rollout: Rollout) -> list[Action]:
    """Apply a changed number of replicas without continuing a roll-out."""
    bounds, active = rollout.bounds, rollout.active
    if len(active) <= 1:
        only = active[0] if active else rollout.new or (rollout.old[-1] if rollout.old else None)
        return _resize(rollout, only, bounds.replicas) if only else []
    new = rollout.new
    if new and wanted(new) == bounds.replicas == available(new) and annotated(new, DESIRED) == bounds.replicas:
        return [action for rs in rollout.old for action in _resize(rollout, rs, 0)]
    if not bounds.rolling:
        return []
    sizes = scaled_sizes(bounds, active)
    return [action for rs in active for action in _resize(rollout, rs, sizes[rs["metadata"]["uid"]])]


def _is_scaled(rollout: Rollout) -> bool:
    """Whether the Deployment's size is another than the one its active ReplicaSets were made for."""
    return any(annotated(rs, DESIRED) not in (None, rollout.bounds.replicas) for rs in rollout.active)


# -- ReplicaSets


def _create(rollout: Rollout, size: int) -> list[Action]:
    deployment = rollout.deployment
    made = new_replica_set(deployment, rollout.old, rollout.bounds, size)
    name = made["metadata"]["name"]

    def refused(error: StatusError) -> list[Action]:
        if isinstance(error, AlreadyExists):
            return _collided(rollout)
        status = _status(rollout)
        progress.replace_condition(status, "Progressing", "False", "ReplicaSetCreateError", str(error), rollout.now)
        return _write(rollout, status)

    actions: list[Action] = [Create(REPLICA_SETS, made, on_failure=refused)]
    if size:
        text = f"Scaled up replica set {name} from 0 to {size}"
        actions.append(Emit(deployment, "Normal", "ScalingReplicaSet", text))
    status = _status(rollout)
    if progress.deadline_of(deployment) is not None:
        text = f'Created new replica set "{name}"'
        progress.replace_condition(status, "Progressing", "True", "NewReplicaSetCreated", text, rollout.now)
    return [*actions, *_write(rollout, status)]


def _collided(rollout: Rollout) -> list[Action]:
    """A ReplicaSet of another owner has the name: increment the collision count, which changes the next name."""
    status = copy(rollout.deployment.get("status") or {})
    status["collisionCount"] = (status.get("collisionCount") or 0) + 1
    return _write(rollout, status)


def _resize(rollout: Rollout, replica_set: Object, size: int) -> list[Action]:
    """Set size and the annotations that go with it, where either differs."""
    before = wanted(replica_set)
    annotations = annotations_of(replica_set)
    noted = size_annotations(rollout.bounds)
    if before == size and (size == 0 or all(annotations.get(key) == value for key, value in noted.items())):
        return []
    metadata = {**replica_set["metadata"], "annotations": {**annotations, **noted}}
    changed = {**replica_set, "metadata": metadata, "spec": {**replica_set["spec"], "replicas": size}}
    actions: list[Action] = [Update(REPLICA_SETS, changed)]
    if before != size:
        word = "up" if size > before else "down"
        text = f"Scaled {word} replica set {replica_set['metadata']['name']} from {before} to {size}"
        actions.append(Emit(rollout.deployment, "Normal", "ScalingReplicaSet", text))
    return actions


def _mark_revision(rollout: Rollout) -> list[Action]:
    """Number the new ReplicaSet, and say that number on the Deployment."""
    new, deployment = rollout.new, rollout.deployment
    if new is None:
        return []
    revision = next_revision(rollout.old)
    annotations = annotated_as(deployment, new, revision, rollout.bounds)
    # The sizes are _resize's to write: a difference there is how a change of scale is noticed.
    annotations.update(
        {key: value for key, value in annotations_of(new).items() if key in size_annotations(rollout.bounds)}
    )
    min_ready = deployment["spec"].get("minReadySeconds") or 0
    actions: list[Action] = []
    if annotations != annotations_of(new) or (new["spec"].get("minReadySeconds") or 0) != min_ready:
        metadata = {**new["metadata"], "annotations": annotations}
        actions.append(
            Update(REPLICA_SETS, {**new, "metadata": metadata, "spec": {**new["spec"], "minReadySeconds": min_ready}})
        )
    number = annotations[REVISION]
    if annotations_of(deployment).get(REVISION) != number:
        metadata = {
            **deployment["metadata"],
            "annotations": {**annotations_of(deployment), REVISION: number},
        }
        actions.append(Update(DEPLOYMENTS, {**deployment, "metadata": metadata}))
    return actions


def _forget(rollout: Rollout) -> list[Action]:
    """Once the roll-out is complete: remove old ReplicaSets beyond revisionHistoryLimit."""
    limit = rollout.deployment["spec"].get("revisionHistoryLimit")
    if limit is None or limit == 2**31 - 1 or not progress.is_complete(rollout.deployment, _status(rollout)):
        return []
    kept = [rs for rs in rollout.old if not is_deleting(rs)]
    surplus = max(0, len(kept) - limit)
    return [
        Remove(REPLICA_SETS, meta["name"], meta["namespace"], uid=meta["uid"])
        for meta in (rs["metadata"] for rs in sorted(kept, key=revision_of)[:surplus] if _is_spent(rs))
    ]


def _is_spent(rs: Object) -> bool:
    seen = get_path(rs, "status", "observedGeneration", default=0) >= rs["metadata"].get("generation", 0)
    return seen and not wanted(rs) and not get_path(rs, "status", "replicas", default=0)


# -- status


def _pause_changed(rollout: Rollout) -> bool:
    if progress.deadline_of(rollout.deployment) is None:
        return False
    paused = bool(rollout.deployment["spec"].get("paused"))
    condition = get_condition(rollout.deployment.get("status"), "Progressing") or {}
    if condition.get("reason") == "ProgressDeadlineExceeded":
        return False
    return paused != (condition.get("reason") == "DeploymentPaused")


def _note_pause(rollout: Rollout) -> list[Action]:
    status: Object = copy(rollout.deployment.get("status") or {})
    word = "paused" if rollout.deployment["spec"].get("paused") else "resumed"
    reason = f"Deployment{word.capitalize()}"
    progress.put_condition(status, "Progressing", "Unknown", reason, f"Deployment is {word}", rollout.now)
    return _write(rollout, status)


def _status(rollout: Rollout) -> Object:
    return progress.count(rollout.deployment, rollout.everybody, rollout.new, rollout.bounds, rollout.now)


def _report(rollout: Rollout) -> list[Action]:
    """The status as it is now; and when to look again for a deadline that may be missed."""
    status = _status(rollout)
    if not rollout.deployment["spec"].get("paused"):
        progress.note_progress(rollout.deployment, status, rollout.everybody, rollout.new, rollout.now)
    wait = progress.stuck_in(rollout.deployment, status, rollout.now)
    return [*_write(rollout, status), *([Requeue(wait)] if wait is not None else [])]


def _write(rollout: Rollout, status: Object) -> list[Action]:
    if status == (rollout.deployment.get("status") or {}):
        return []
    return [Update(DEPLOYMENTS, {**rollout.deployment, "status": status}, "status")]


def keys_of_pods(pod: Object, observed: Observed) -> Sequence[Key]:
    """A pod concerns the Deployment above its ReplicaSet, but only once it is gone: Recreate waits for that."""
    owner = controller_of(pod)
    if owner is None or owner.get("kind") != "ReplicaSet" or is_active(pod):
        return ()
    replica_set = observed.get(REPLICA_SETS, owner["name"], pod["metadata"].get("namespace", ""))
    above = controller_of(replica_set) if replica_set else None
    if above is None or above.get("kind") != "Deployment":
        return ()
    return (Key(pod["metadata"].get("namespace", ""), above["name"]),)
