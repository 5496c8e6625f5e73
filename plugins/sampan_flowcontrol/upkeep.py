"""Keeps the objects as they should be: the condition Dangling of FlowSchemas, and the mandatory objects. Pure.

Source: upstream's config consumer and its bootstrap ensurer.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Key, Observed, Update
from sampan_flowcontrol.bootstrap import level, mandatory_level, mandatory_schema, schema
from sampan_flowcontrol.kinds import DANGLING
from sampan_machinery.metadata import copy, get_condition, is_deleting, now_text, set_condition
from sampan_machinery.resources import FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS


def decide_schema(key: Key, observed: Observed) -> list[Action]:
    found = observed.get(FLOW_SCHEMAS, key.name)
    if found is None:
        return [Create(FLOW_SCHEMAS, schema(key.name))] if mandatory_schema(key.name) is not None else []
    if is_deleting(found):
        return []
    name = (found["spec"].get("priorityLevelConfiguration") or {}).get("name") or ""
    status: Object = copy(found.get("status") or {})
    value, reason, message = condition(name, there=observed.get(PRIORITY_LEVEL_CONFIGURATIONS, name) is not None)
    old = get_condition(status, DANGLING)
    if old is not None and (old.get("status"), old.get("reason"), old.get("message")) == (value, reason, message):
        return []
    set_condition(status, DANGLING, value, now=now_text(observed.now), reason=reason, message=message)
    return [Update(FLOW_SCHEMAS, {**found, "status": status}, "status")]


def condition(name: str, *, there: bool) -> tuple[str, str, str]:
    """Status, reason and message of Dangling."""
    text = f"This FlowSchema references the PriorityLevelConfiguration object named {_quoted(name)}"
    if there:
        return "False", "Found", f"{text} and it exists"
    return "True", "NotFound", f"{text} but there is no such object"


def _quoted(name: str) -> str:
    return f'"{name}"'


def decide_level(key: Key, observed: Observed) -> list[Action]:
    if observed.get(PRIORITY_LEVEL_CONFIGURATIONS, key.name) is None and mandatory_level(key.name) is not None:
        return [Create(PRIORITY_LEVEL_CONFIGURATIONS, level(key.name))]
    return []


def schemas_of(obj: Object, observed: Observed) -> Iterable[Key]:
    """The FlowSchemas that name this PriorityLevelConfiguration."""
    name = obj["metadata"]["name"]
    for each in observed.list(FLOW_SCHEMAS):
        if (each["spec"].get("priorityLevelConfiguration") or {}).get("name") == name:
            yield Key("", each["metadata"]["name"])
