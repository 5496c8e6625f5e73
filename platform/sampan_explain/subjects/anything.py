"""What holds for an object of any kind: deleted and not gone, conditions that say no, warnings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import (
    age,
    condition_fact,
    event_fact,
    flag,
    listed,
    namespace_of,
    sentence,
    since,
    warnings,
)

#: Conditions of which True is the bad value, by the end of their names.
_BAD_IF_TRUE = ("Pressure", "Unavailable", "Failed", "Failure", "Degraded", "Stalled", "Error", "Terminating")
#: Conditions that many controllers keep, and what they mean where they are False.
_GOOD = ("Ready", "Available", "Established", "Healthy", "Synced", "Succeeded", "Progressing", "NamesAccepted")
_USUAL_FINALIZERS = {
    "kubernetes.io/pvc-protection": "a pod still uses it",
    "kubernetes.io/pv-protection": "a claim is still bound to it",
    "foregroundDeletion": "its dependents are deleted first",
    "orphan": "its dependents are to be orphaned first",
    "batch.kubernetes.io/job-tracking": "its Job has not counted it yet",
    "customresourcecleanup.apiextensions.k8s.io": "its custom objects are deleted first",
}


def explain(obj: Object, objects: Objects, *, known: bool) -> Iterator[Cause]:
    """``known``: a subject has explained the rest already."""
    if obj["metadata"].get("deletionTimestamp") and obj["metadata"].get("finalizers"):
        yield _finalizers(obj, objects)
    if known:
        return
    yield from _conditions(obj)
    for event in warnings(obj, objects)[:1]:
        yield Cause(
            reason=event.get("reason") or "Warning", text=f"The last warning: {sentence(event.get('message'))}",
            facts=(event_fact(event),),
        )  # fmt: skip


def _finalizers(obj: Object, objects: Objects) -> Cause:
    metadata = obj["metadata"]
    names = metadata["finalizers"]
    known = [f"{name}: {_USUAL_FINALIZERS[name]}" for name in names if name in _USUAL_FINALIZERS]
    kind, where = obj["kind"].lower(), flag(namespace_of(obj))
    late = age(since(metadata["deletionTimestamp"], objects.now))
    why = f" ({'; '.join(known)})" if known else ", and the controller that set it has not removed it"
    return Cause(
        reason="Finalizers",
        text=f"It was deleted {late} ago and stays until its finalizers are removed: {listed(names)}{why}.",
        facts=(
            f"metadata.finalizers: {listed(names)}",
            f"metadata.deletionTimestamp is {metadata['deletionTimestamp']}",
        ),
        commands=(
            f'kubectl patch {kind} {metadata["name"]}{where} --type=merge -p \'{{"metadata":{{"finalizers":null}}}}\''
            "  # only if that controller is gone for good",
        ),
    )


def _conditions(obj: Object) -> Iterator[Cause]:
    status = obj.get("status")
    for each in (status.get("conditions") if isinstance(status, dict) else None) or ():
        if not isinstance(each, dict) or not {"type", "status"} <= set(each):
            continue
        bad = each["type"].endswith(_BAD_IF_TRUE)
        if (bad and each["status"] == "True") or (each["type"] in _GOOD and each["status"] == "False"):
            yield Cause(
                reason=each.get("reason") or each["type"],
                text=f"Its condition {each['type']} is {each['status']}: "
                f"{sentence(each.get('message') or each.get('reason') or 'no reason is given')}",
                facts=(condition_fact(each),),
            )
