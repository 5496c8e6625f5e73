"""The kinds FlowSchema and PriorityLevelConfiguration.

Source: API reference flowcontrol.apiserver.k8s.io/v1; upstream's defaults and printers.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Column, Draft, Kind, Object
from sampan_flowcontrol.bootstrap import restore
from sampan_flowcontrol.validation import validate_level, validate_schema
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import get_condition
from sampan_machinery.resources import FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS

_NONE = "<none>"
DANGLING = "Dangling"


def prepare(draft: Draft) -> None:
    """A write to /status changes the status and nothing else: another uid is no error there."""
    if draft.old is not None and draft.subresource == "status":
        draft.object["metadata"]["uid"] = draft.old["metadata"]["uid"]


def default_schema(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec["matchingPrecedence"] = spec.get("matchingPrecedence") or 1000
    spec.setdefault("priorityLevelConfiguration", {}).setdefault("name", "")


def default_level(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("type", "")
    exempt, limited = spec.get("exempt"), spec.get("limited")
    if exempt is not None:
        _set(exempt, nominalConcurrencyShares=0, lendablePercent=0)
    if limited is not None:
        _set(limited, nominalConcurrencyShares=30, lendablePercent=0)
        queuing = limited.setdefault("limitResponse", {}).get("queuing")
        limited["limitResponse"].setdefault("type", "")
        if queuing is not None:
            for key, value in (("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)):
                queuing[key] = queuing.get(key) or value


def _set(found: Object, **defaults: int) -> None:
    for key, value in defaults.items():
        if found.get(key) is None:
            found[key] = value


def _spec(obj: Object) -> Object:
    return obj.get("spec") or {}


def _missing_level(obj: Object) -> str:
    found = get_condition(obj.get("status"), DANGLING)
    return "?" if found is None else found.get("status") or ""


def _limited(key: str) -> Any:
    def cell(obj: Object) -> Any:
        return (_spec(obj).get("limited") or {}).get(key, _NONE)

    return cell


def _queuing(key: str) -> Any:
    def cell(obj: Object) -> Any:
        response = (_spec(obj).get("limited") or {}).get("limitResponse") or {}
        return (response.get("queuing") or {}).get(key, _NONE)

    return cell


FLOW_SCHEMA = Kind(
    **FLOW_SCHEMAS._asdict(),
    status=True,
    status_metadata=False,
    generation=True,
    columns=(
        NAME,
        Column("PriorityLevel", lambda obj: (_spec(obj).get("priorityLevelConfiguration") or {}).get("name") or ""),
        Column("MatchingPrecedence", lambda obj: _spec(obj).get("matchingPrecedence")),
        Column("DistinguisherMethod", lambda obj: (_spec(obj).get("distinguisherMethod") or {}).get("type") or _NONE),
        AGE,
        Column(
            "MissingPL", _missing_level, description="references a broken or non-existent PriorityLevelConfiguration"
        ),
    ),
    default=default_schema,
    prepare=prepare,
    validate=validate_schema,
    restore=restore,
)
PRIORITY_LEVEL = Kind(
    **PRIORITY_LEVEL_CONFIGURATIONS._asdict(),
    status=True,
    status_metadata=False,
    generation=True,
    columns=(
        NAME,
        Column("Type", lambda obj: _spec(obj).get("type") or ""),
        Column("NominalConcurrencyShares", _limited("nominalConcurrencyShares")),
        Column("Queues", _queuing("queues")),
        Column("HandSize", _queuing("handSize")),
        Column("QueueLengthLimit", _queuing("queueLengthLimit")),
        AGE,
    ),
    default=default_level,
    prepare=prepare,
    validate=validate_level,
    restore=restore,
)
