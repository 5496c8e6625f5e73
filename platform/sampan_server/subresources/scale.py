"""The scale subresource: autoscaling/v1 Scale made from an object, and written back into it."""

from __future__ import annotations

import functools
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Scale
from sampan.errors import BadRequest
from sampan_machinery import problems, tables
from sampan_machinery.kindschema import KindSchema, schema_of
from sampan_server.request.negotiation import Form

SCALE = Kind(group="autoscaling", version="v1", kind="Scale", plural="scales", verbs=())
#: What ``kubectl get --subresource=scale`` prints.
COLUMNS = (
    Column("Name", lambda scale: scale["metadata"]["name"]),
    Column("Desired", lambda scale: scale["spec"].get("replicas", 0), type="integer"),
    Column("Available", lambda scale: scale["status"]["replicas"], type="integer"),
    Column("Age", lambda scale: scale["metadata"].get("creationTimestamp"), type="date"),
)


@functools.cache
def schema() -> KindSchema:
    return schema_of(SCALE)


def shown(kind: Kind, obj: Object) -> Object:
    """The Scale of an object."""
    scale = _scale(kind)
    meta = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: dict[str, Any] = {"replicas": _number(obj, scale.status_replicas)}
    selector, wanted = scale.selector(obj), _number(obj, scale.replicas)
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": wanted} if wanted else {},  # as Go leaves a zero out; the status has none that may go
        "status": status,
    }


def in_form(found: Object, form: Form, *, now: float, include: str) -> Object:
    """The Scale as the client wants it: whole, a Table, or its metadata alone."""
    if form.how == "json":
        return found
    if form.how == "partial":
        return {**tables.to_partial(found), "apiVersion": f"meta.k8s.io/{form.version}"}
    meta = {"resourceVersion": found["metadata"]["resourceVersion"]} if "resourceVersion" in found["metadata"] else {}
    version = f"meta.k8s.io/{form.version}"
    return tables.to_table(COLUMNS, [found], now=now, include=include, version=version, metadata=meta)


def check_name(sent: Object, name: str) -> None:
    """Raises BadRequest for a Scale of another object."""
    named = (sent.get("metadata") or {}).get("name") or name
    if named != name:
        raise BadRequest(f"the name of the object ({named}) does not match the name on the URL ({name})")


def written(kind: Kind, obj: Object, sent: Object) -> Object:
    """The object with the Scale's replicas; raises BadRequest or Invalid."""
    spec = sent.get("spec") or {}
    if not isinstance(spec, dict):
        raise BadRequest("spec must be an object")
    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise BadRequest("spec.replicas must be a whole number")
    if replicas < 0:
        found = [problems.invalid("spec.replicas", replicas, "must be greater than or equal to 0")]
        raise problems.as_error(found, group="autoscaling", kind="Scale", name=str(obj["metadata"].get("name", "")))
    place: Any = obj
    *path, last = _scale(kind).replicas
    for step in path:
        place = place.setdefault(step, {})
    place[last] = replicas
    return obj


def _scale(kind: Kind) -> Scale:
    assert kind.scale is not None
    return kind.scale


def _number(obj: Object, path: tuple[str, ...]) -> int:
    place: Any = obj
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    return place if isinstance(place, int) else 0
