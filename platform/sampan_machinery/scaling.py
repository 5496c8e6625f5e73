"""autoscaling/v1 Scale made from an object, and written back into it. Pure."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Kind, Object, Problem, Scale
from sampan.errors import BadRequest
from sampan_machinery import problems

MOST = (1 << 31) - 1
_EXPECTED_MAP = "expected map[string]interface{}"


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
    """The object with the Scale's replicas; raises BadRequest or Invalid. Those of a custom kind are judged by its own
    schema."""
    spec = sent.get("spec") or {}
    if not isinstance(spec, dict):
        raise BadRequest("spec must be an object")
    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise BadRequest("spec.replicas must be a whole number")
    if replicas < 0 and kind.schema is None:
        found = [problems.invalid("spec.replicas", replicas, "must be greater than or equal to 0")]
        raise problems.as_error(found, group="autoscaling", kind="Scale", name=str(obj["metadata"].get("name", "")))
    place: Any = obj
    *path, last = _scale(kind).replicas
    for step in path:
        place = place.setdefault(step, {})
    place[last] = replicas
    return obj


def problems_of(scale: Scale, obj: Object) -> list[Problem]:
    """What is wrong with the numbers of a custom object that a Scale shows. Source: apiextensions-apiserver,
    ValidateScaleSpec and ValidateScaleStatus."""
    found = []
    for path in (scale.replicas, scale.status_replicas):
        where = "." + ".".join(path)
        number, wrong = _whole_number(obj, path)
        if wrong:
            found.append(problems.invalid(where, 0, wrong))
        elif number < 0:
            found.append(problems.invalid(where, number, "should be a non-negative integer"))
        elif number > MOST:
            found.append(problems.invalid(where, number, f"should be less than or equal to {MOST}"))
    return found


def _whole_number(obj: Object, path: tuple[str, ...]) -> tuple[int, str]:
    """The number, 0 where there is none, and what is wrong with it."""
    place: Any = obj
    for depth, step in enumerate(path):
        if place is None:
            return 0, ""
        if not isinstance(place, dict):
            at = "." + ".".join(path[:depth])
            return 0, f"{at} accessor error: {go_text(place)} is of the type {go_type(place)}, {_EXPECTED_MAP}"
        place = place.get(step)
    if place is None or (isinstance(place, int) and not isinstance(place, bool)):
        return place or 0, ""
    at = "." + ".".join(path)
    return 0, f"{at} accessor error: {go_text(place)} is of the type {go_type(place)}, expected int64"


def go_type(value: Any) -> str:
    """What Go calls the type of a JSON value that was decoded without a schema."""
    names = {str: "string", bool: "bool", int: "int64", float: "float64", list: "[]interface {}"}
    return names.get(type(value), "map[string]interface {}")


def go_text(value: Any) -> str:
    """A JSON value as Go's %v prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{go_text(value[name])}' for name in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "<nil>", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _scale(kind: Kind) -> Scale:
    assert kind.scale is not None
    return kind.scale


def _number(obj: Object, path: tuple[str, ...]) -> int:
    place: Any = obj
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    return place if isinstance(place, int) else 0
