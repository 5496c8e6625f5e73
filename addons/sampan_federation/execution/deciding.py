"""What is to be done about one manifest of a Work on its member. Pure functions.

Never adopts what is not ours: an object without the label karmada.io/managed=true, or of another Work, is changed only
where the conflict resolution says overwrite. Source: Karmada's documentation, "Resource migration".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.execution.comparing import APPLIED, differences, digest, fingerprint
from sampan_federation.interpreter.pruning import pruned
from sampan_federation.works import names
from sampan_machinery.metadata import annotations_of, is_deleting, labels_of, ref_text


class Left(NamedTuple):
    """An object as a write of ours left it: its digest, its fingerprint, and its resourceVersion."""

    digest: str
    fingerprint: str
    revision: str


class Create(NamedTuple):
    obj: Object


class Put(NamedTuple):
    """``drifted``: paths at which the member's object is not as the manifest says; empty where the manifest is new, or
    where only something else has changed."""

    obj: Object
    drifted: list[str]


class Keep(NamedTuple):
    """It is in place. ``drifted``: changed paths, which are to be left."""

    drifted: list[str]


class Refuse(NamedTuple):
    """It is not ours."""

    why: str


class Wait(NamedTuple):
    """It is about to change by itself: the member deletes it, or has not shown our own write yet."""


Verdict = Create | Put | Keep | Refuse | Wait


def prepared(manifest: Object, work: Object) -> Object:
    """The manifest as it is sent: with what says that it is ours, and of which Work it is. Also for Works that were not
    made by a binding."""
    ready = pruned(manifest)
    metadata, of_work = ready["metadata"], work["metadata"]
    annotations = {
        names.CONFLICT: annotations_of(work).get(names.CONFLICT, "abort"),
        **(metadata.get("annotations") or {}),
        names.WORK_NAMESPACE: of_work["namespace"],
        names.WORK_NAME: of_work["name"],
    }
    metadata["labels"] = {**(metadata.get("labels") or {}), names.MANAGED: "true"}
    metadata["annotations"] = annotations
    annotations[APPLIED] = digest(ready)
    return ready


def decide(
    wanted: Object, observed: Object | None, left: Left | None, retain: Callable[[Object, Object], Object]
) -> Verdict:  # fmt: skip
    """``wanted``: as ``prepared``; ``left``: after our last write, if this process has written it."""
    if observed is None:
        return Create(wanted)
    if is_deleting(observed) or (left is not None and _is_older(observed, left.revision)):
        return Wait()
    overwrites = annotations_of(wanted).get(names.CONFLICT) == "overwrite"
    if not is_ours(observed, wanted) and not overwrites:
        return Refuse(
            f"{ref_text(wanted)} already exists on the member and is not managed by this Work; set the annotation "
            f"{names.CONFLICT}: overwrite, or conflictResolution: Overwrite in the policy, to take it over"
        )
    merged = retain(wanted, observed)
    if annotations_of(observed).get(APPLIED) != annotations_of(wanted)[APPLIED]:
        return Put(merged, [])
    drifted = differences(merged, observed)
    changed = left is not None and fingerprint(observed) != left.fingerprint
    if left is not None and not changed:  # as the member answered to our write, which may word values differently
        drifted = [path for path in drifted if path.startswith("metadata")]
    if annotations_of(wanted).get(names.DRIFT) == "report":
        return Keep(drifted)
    return Put(merged, drifted) if drifted or changed else Keep([])


def is_ours(observed: Object, wanted: Object) -> bool:
    """Whether the Work of ``wanted`` has made the object."""
    if labels_of(observed).get(names.MANAGED) != "true":
        return False
    seen, ours = annotations_of(observed), annotations_of(wanted)
    return all(seen.get(key) == ours[key] for key in (names.WORK_NAMESPACE, names.WORK_NAME))


def _is_older(observed: Object, revision: str) -> bool:
    seen = str(observed["metadata"].get("resourceVersion", ""))
    return seen.isdecimal() and revision.isdecimal() and len(seen) < 25 and int(seen) < int(revision)


def released(observed: Object) -> Object:
    """The object without our marks, to be left on the member when its Work goes (preserveResourcesOnDeletion)."""
    metadata = dict(observed["metadata"])
    for field, ours in (("labels", _OUR_LABELS), ("annotations", _OUR_ANNOTATIONS)):
        kept = {key: value for key, value in (metadata.get(field) or {}).items() if key not in ours}
        metadata[field] = kept
    return {**observed, "metadata": metadata}


_OUR_LABELS = frozenset({names.MANAGED, names.BINDING_ID, names.CLUSTER_BINDING_ID, names.WORK_ID})
_OUR_ANNOTATIONS = frozenset(
    {
        names.WORK_NAMESPACE, names.WORK_NAME, names.BINDING_NAMESPACE, names.BINDING_NAME, names.CLUSTER_BINDING_NAME,
        names.GENERATION, names.UID, names.CONFLICT, names.MANAGED_LABELS, names.MANAGED_ANNOTATIONS, APPLIED,
    }
)  # fmt: skip
