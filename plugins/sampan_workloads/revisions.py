"""Revisions of a Deployment: which ReplicaSet is the new one, how revisions are numbered, what a new one looks like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import annotations_of, controller_ref, copy, get_path, labels_of, template_hash
from sampan_podspec.templates import HASH_LABEL, plain, same_template
from sampan_workloads.proportions import DESIRED, MAXIMUM, RolloutBounds

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
_OWN = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    HISTORY,
    DESIRED,
    MAXIMUM,
)


def by_age(replica_sets: Iterable[Object]) -> list[Object]:
    """Oldest first."""
    return sorted(replica_sets, key=lambda rs: (rs["metadata"].get("creationTimestamp", ""), rs["metadata"]["name"]))


def newest_of(deployment: Object, replica_sets: Iterable[Object]) -> Object | None:
    """The ReplicaSet with the Deployment's template; should there be several, the oldest."""
    template = deployment["spec"]["template"]
    return next((rs for rs in by_age(replica_sets) if same_template(rs["spec"]["template"], template)), None)


def revision_of(obj: Object) -> int:
    """A 64-bit number; 0 where there is none or it is no number."""
    text = annotations_of(obj).get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def next_revision(old: Iterable[Object]) -> int:
    return max(map(revision_of, old), default=0) + 1


def annotated_as(
    deployment: Object, replica_set: Object | None, revision: int, bounds: RolloutBounds
) -> dict[str, str]:
    """The annotations of the new ReplicaSet: the Deployment's own, its revision, and the size it was made for."""
    known = dict(annotations_of(replica_set)) if replica_set else {}
    before = known.get(REVISION, "")
    known.update({key: value for key, value in annotations_of(deployment).items() if key not in _OWN})
    if not before.isdigit() or int(before) < revision:
        known[REVISION] = str(revision)
        if before:
            known[HISTORY] = ",".join(filter(None, (known.get(HISTORY, ""), before)))
    return {**known, **size_annotations(bounds)}


def size_annotations(bounds: RolloutBounds) -> dict[str, str]:
    return {DESIRED: str(bounds.replicas), MAXIMUM: str(bounds.most)}


def hash_of(deployment: Object) -> str:
    return template_hash(plain(deployment["spec"]["template"]), get_path(deployment, "status", "collisionCount"))


def new_replica_set(deployment: Object, old: Sequence[Object], bounds: RolloutBounds, size: int) -> Object:
    """The ReplicaSet of the Deployment's present template."""
    spec, digest = deployment["spec"], hash_of(deployment)
    template = copy(spec["template"])
    template.setdefault("metadata", {}).setdefault("labels", {})[HASH_LABEL] = digest
    selector = copy(spec["selector"])
    selector.setdefault("matchLabels", {})[HASH_LABEL] = digest
    made: Object = {"replicas": size, "selector": selector, "template": template}
    if spec.get("minReadySeconds"):
        made["minReadySeconds"] = spec["minReadySeconds"]
    metadata = {
        "name": f"{deployment['metadata']['name'][:242]}-{digest}",
        "namespace": deployment["metadata"]["namespace"],
        "labels": dict(labels_of(template)),
        "annotations": annotated_as(deployment, None, next_revision(old), bounds),
        "ownerReferences": [controller_ref(deployment)],
    }
    return {"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": metadata, "spec": made}
