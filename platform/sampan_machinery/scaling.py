"""autoscaling/v1 Scale made from an object, and written back into it. Pure."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Kind, Object, Scale
from sampan.errors import BadRequest
from sampan_machinery import problems


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
