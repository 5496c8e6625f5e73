"""The kind PriorityClass, and the two that every cluster has. Source: API reference scheduling.k8s.io/v1."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan_machinery import problems
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.validation import validate_immutable
from sampan_priority.resources import GROUP, PREEMPTS

_POLICIES = (PREEMPTS, "Never")
_RESERVED = "system-"
_HIGHEST = 1_000_000_000  # that a user may name; what is above belongs to the cluster itself

#: name → (value, description); all preempt, none is the default
_SYSTEM = {
    "system-node-critical": (2_000_001_000, "For pods that their node cannot do without and that run nowhere else."),
    "system-cluster-critical": (2_000_000_000, "For pods that the cluster cannot do without but may run elsewhere."),
}


def bootstrap_objects() -> list[Object]:
    return [
        {
            "kind": "PriorityClass",
            "apiVersion": f"{GROUP}/v1",
            "metadata": {"name": name},
            "value": value,
            "description": description,
        }
        for name, (value, description) in _SYSTEM.items()
    ]


def prepare(draft: Draft) -> None:
    """The generation stays 1: a class may not change."""
    if draft.old is None:
        draft.object["metadata"]["generation"] = 1


def default(obj: Object) -> None:
    obj.setdefault("value", 0)
    if not obj.get("preemptionPolicy"):
        obj["preemptionPolicy"] = PREEMPTS


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    name, value = new["metadata"].get("name") or "", new["value"]
    if old is not None:  # an update is judged by what may not change alone, as upstream
        if value != old.get("value"):
            yield problems.forbidden("value", "may not be changed in an update.")
        yield from validate_immutable("preemptionPolicy", new["preemptionPolicy"], old.get("preemptionPolicy"))
        return
    if name.startswith(_RESERVED):
        if why := _not_known(name, value, is_default=bool(new.get("globalDefault"))):
            reserved = f"priority class names with '{_RESERVED}' prefix are reserved for system use only. error: {why}"
            yield problems.forbidden("metadata.name", reserved)
    elif value > _HIGHEST:
        yield problems.forbidden("value", f"maximum allowed value of a user defined priority is {_HIGHEST}")
    if new["preemptionPolicy"] not in _POLICIES:
        yield problems.unsupported_in_order("preemptionPolicy", new["preemptionPolicy"], _POLICIES)


def _not_known(name: str, value: int, *, is_default: bool) -> str:
    """Why it is none of the cluster's own classes; "" if it is one."""
    if name not in _SYSTEM:
        return f"{name} is not a known system priority class"
    if value != _SYSTEM[name][0]:
        return f"value of {name} PriorityClass must be {_SYSTEM[name][0]}"
    return f"globalDefault of {name} PriorityClass must be false" if is_default else ""


PRIORITY_CLASS = Kind(
    group=GROUP, version="v1", kind="PriorityClass", plural="priorityclasses", short_names=("pc",), namespaced=False,
    columns=(
        NAME,
        Column("Value", lambda obj: obj.get("value", 0), type="integer"),
        Column("Global-Default", lambda obj: bool(obj.get("globalDefault")), type="boolean"),
        AGE,
        Column("PreemptionPolicy", lambda obj: obj.get("preemptionPolicy") or PREEMPTS),
    ),
    prepare=prepare,
    default=default,
    validate=validate,
)  # fmt: skip
