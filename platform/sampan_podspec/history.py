"""ControllerRevisions: the history of pod templates that StatefulSets and DaemonSets keep.

A revision's data is a strategic merge patch that puts the template back: kubectl's ``rollout undo`` applies it. Pure.
Source: upstream's controller/history; apps/v1 ControllerRevision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Observed, Update
from sampan.errors import AlreadyExists, StatusError
from sampan_machinery.metadata import annotations_of, controller_ref, copy, get_path, labels_of, template_hash
from sampan_machinery.resources import CONTROLLER_REVISIONS
from sampan_podspec.templates import plain

#: On pods and revisions: which revision of their owner's template they have.
REVISION_LABEL = "controller-revision-hash"
_NAME_ROOM = 223  # of a name's 253 characters, as upstream
_PATCH = "$patch"


def by_number(revisions: Iterable[Object]) -> list[Object]:
    """Oldest number first; of the same number the one that was created first."""
    return sorted(
        revisions,
        key=lambda each: (number_of(each), each["metadata"].get("creationTimestamp", ""), each["metadata"]["name"]),
    )


def number_of(revision: Object) -> int:
    return int(revision.get("revision") or 0)


def next_number(revisions: Iterable[Object]) -> int:
    return max(map(number_of, revisions), default=0) + 1


def template_of(revision: Object) -> Object:
    """The pod template that the revision holds."""
    template = get_path(revision, "data", "spec", "template", default={})
    return {key: value for key, value in template.items() if key != _PATCH}


def holds(revision: Object, template: Object) -> bool:
    """Whether the revision is of this template."""
    return bool(plain(template_of(revision)) == plain(template))


def hash_of(owner: Object) -> str:
    """Of the owner's template; another one for each collision."""
    return template_hash(plain(owner["spec"]["template"]), get_path(owner, "status", "collisionCount") or None)


def new_revision(owner: Object, number: int, labels: dict[str, str]) -> Object:
    """The revision of the owner's present template. ``labels`` are added to those of the template."""
    metadata = {
        "name": f"{owner['metadata']['name'][:_NAME_ROOM]}-{hash_of(owner)}",
        "namespace": owner["metadata"]["namespace"],
        "labels": {**labels_of(owner["spec"]["template"]), **labels},
        "ownerReferences": [controller_ref(owner)],
    }
    if annotations_of(owner):
        metadata["annotations"] = dict(annotations_of(owner))
    template = {**copy(owner["spec"]["template"]), _PATCH: "replace"}
    return {
        "kind": "ControllerRevision", "apiVersion": "apps/v1", "metadata": metadata,
        "data": _sorted({"spec": {"template": template}}), "revision": number,
    }  # fmt: skip


def of_former_owner(revision: Object, observed: Observed) -> Object | None:
    """The revision that has the name already and holds the same template: that of an owner of the same name which was
    just deleted. It serves until garbage collection has removed it."""
    metadata = revision["metadata"]
    found = observed.get(CONTROLLER_REVISIONS, metadata["name"], metadata["namespace"])
    return found if found is not None and holds(found, template_of(revision)) else None


def creation(revision: Object, owner: Object, status: Update) -> Create:
    """Create the revision. ``status`` is performed where another object has its name: it counts the collision, which
    changes the next name."""

    def refused(error: StatusError) -> list[Action]:
        if isinstance(error, AlreadyExists):
            return [status]
        text = f"Error creating ControllerRevision {revision['metadata']['name']}: {error}"
        return [Emit(owner, "Warning", "FailedCreate", text)]

    return Create(CONTROLLER_REVISIONS, revision, on_failure=refused)


def collided(owner: Object) -> Object:
    """The owner's status with one collision more."""
    status: Object = copy(owner.get("status") or {})
    status["collisionCount"] = (status.get("collisionCount") or 0) + 1
    return status


def surplus(history: Sequence[Object], limit: int) -> list[Object]:
    """Revisions beyond the limit, oldest first; a negative limit keeps all."""
    return by_number(history)[: max(0, len(history) - limit)] if limit >= 0 else []


def _sorted(value: Any) -> Any:
    """With the keys in order, as kubectl writes the patch that it compares with a revision's data."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
