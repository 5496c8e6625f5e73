"""The revisions of a workload, and the patch that goes back to one. Pure.

Source: Kubernetes docs, "Rolling Back a Deployment" and "Perform a Rollback on a DaemonSet".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sampan_machinery.metadata import is_controlled_by

Object = Mapping[str, Any]
REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"
ROLLED = ("Deployment", "StatefulSet", "DaemonSet")


class Revision(NamedTuple):
    number: int
    name: str  # of the ReplicaSet or ControllerRevision
    created: str
    cause: str
    template: Object
    is_current: bool


def revisions(owner: Object, kept: Iterable[Object]) -> list[Revision]:
    """Newest first, of ReplicaSets for a Deployment and of ControllerRevisions for the others."""
    own = [each for each in kept if is_controlled_by(each, owner)]
    found = [_of_set(each) if owner["kind"] == "Deployment" else _of_revision(each) for each in own]
    found = sorted((each for each in found if each.number), key=lambda each: each.number, reverse=True)
    return [each._replace(is_current=number == 0) for number, each in enumerate(found)]


def _of_set(obj: Object) -> Revision:
    metadata = obj["metadata"]
    annotations = metadata.get("annotations") or {}
    number = str(annotations.get(REVISION) or "")
    template = _without_hash((obj.get("spec") or {}).get("template") or {})
    return Revision(
        int(number) if number.isdecimal() else 0, str(metadata["name"]), str(metadata.get("creationTimestamp") or ""),
        str(annotations.get(CAUSE) or ""), template, False,
    )  # fmt: skip


def _of_revision(obj: Object) -> Revision:
    metadata, data = obj["metadata"], obj.get("data") or {}
    template = dict((data.get("spec") or {}).get("template") or {})
    template.pop("$patch", None)
    return Revision(
        int(obj.get("revision") or 0), str(metadata["name"]), str(metadata.get("creationTimestamp") or ""),
        str((metadata.get("annotations") or {}).get(CAUSE) or ""), template, False,
    )  # fmt: skip


def _without_hash(template: Object) -> dict[str, Any]:
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": metadata}


def back_to(owner: Object, revision: Revision) -> list[dict[str, Any]]:
    """A JSON patch that replaces the template, and fails if the specification has changed since it was read (a newer
    status does no harm, and comes often)."""
    return [
        {"op": "test", "path": "/metadata/generation", "value": owner["metadata"]["generation"]},
        {"op": "replace", "path": "/spec/template", "value": json.loads(json.dumps(revision.template))},
    ]


def restart(now: str) -> dict[str, Any]:
    """A merge patch by which every pod is made again, as `kubectl rollout restart` does."""
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}}
