"""What to create so that a deleted object is there again, as it was last."""

from __future__ import annotations

from sampan.contracts.resources import Object
from sampan.errors import NotFound
from sampan_client import Client
from sampan_client.discovery import discover
from sampan_machinery.metadata import get_path

#: What the server sets itself.
_SERVERS = (
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
    "managedFields", "selfLink",
)  # fmt: skip


def restored(last: Object) -> Object:
    """What to create: pure."""
    metadata = {key: value for key, value in last["metadata"].items() if key not in _SERVERS}
    made = {key: value for key, value in last.items() if key != "status"}
    made["metadata"] = metadata
    if last.get("kind") == "Pod":
        made["spec"] = {key: value for key, value in last["spec"].items() if key != "nodeName"}
    if last.get("kind") == "PersistentVolume" and get_path(last, "spec", "claimRef"):
        claim = {key: value for key, value in last["spec"]["claimRef"].items() if key not in ("uid", "resourceVersion")}
        made["spec"] = {**last["spec"], "claimRef": claim}
    if last.get("kind") == "Job" and not get_path(last, "spec", "manualSelector"):
        made["spec"] = _without_job_labels(last["spec"])
    return made


def _without_job_labels(spec: Object) -> Object:
    """A Job's selector names its uid; the server makes both again."""
    template = spec.get("template") or {}
    labels = {
        key: value
        for key, value in (get_path(template, "metadata", "labels", default={}) or {}).items()
        if key.rpartition("/")[2] not in ("controller-uid", "job-name")
    }
    metadata = {**(template.get("metadata") or {}), "labels": labels}
    kept = {key: value for key, value in spec.items() if key != "selector"}
    return {**kept, "template": {**template, "metadata": metadata}}


def without_lost_owners(client: Client, made: Object, namespace: str) -> list[str]:
    """Drops the references to owners that are not there, or the garbage collector would delete it at once."""
    references = made["metadata"].get("ownerReferences") or []
    if not references:
        return []
    kinds = {(each.resource.api_version, each.resource.kind): each.resource for each in discover(client)}
    kept, left_out = [], []
    for each in references:
        resource = kinds.get((each["apiVersion"], each["kind"]))
        try:
            found = client.get(resource, each["name"], namespace if resource.namespaced else "") if resource else {}
        except NotFound:
            found = {}
        if get_path(found, "metadata", "uid") == each["uid"]:
            kept.append(each)
        else:
            left_out.append(f"the owner {each['kind'].lower()} {each['name']}, which is gone")
    made["metadata"]["ownerReferences"] = kept
    return left_out
