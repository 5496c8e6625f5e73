"""meta/v1 Tables and partial metadata: what ``kubectl get`` shows. Knows Columns and dicts; the clock is passed in.

Source: API concepts "Receiving resources as Tables"; apimachinery util/duration (meaning).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Column, Object
from sampan.errors import BadRequest
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import parse_time

TABLE_VERSION = "meta.k8s.io/v1"
UNKNOWN = "<unknown>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 86400 * 365

#: What a kind without columns of its own shows.
DEFAULT_COLUMNS = (NAME, AGE)


def human_duration(seconds: float) -> str:
    """Two or three figures of a duration: 12s, 5m3s, 3d4h, 2y5d. Up to two seconds of the future count as now."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 2 * _MINUTE:
        return f"{max(total, 0)}s"
    if total < 10 * _MINUTE:
        return _pair(total // _MINUTE, "m", total % _MINUTE, "s")
    if total < 3 * _HOUR:
        return f"{total // _MINUTE}m"
    if total < 8 * _HOUR:
        return _pair(total // _HOUR, "h", total % _HOUR // _MINUTE, "m")
    if total < 2 * _DAY:
        return f"{total // _HOUR}h"
    if total < 8 * _DAY:
        return _pair(total // _DAY, "d", total % _DAY // _HOUR, "h")
    if total < 2 * _YEAR:
        return f"{total // _DAY}d"
    if total < 8 * _YEAR:
        return _pair(total // _YEAR, "y", total % _YEAR // _DAY, "d")
    return f"{total // _YEAR}y"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def age(text: str | None, now: float) -> str:
    """How long ago an RFC 3339 time was."""
    if not text:
        return UNKNOWN
    try:
        return human_duration(now - parse_time(text))
    except BadRequest:
        return UNKNOWN


def to_table(
    columns: Sequence[Column],
    objects: Iterable[Object],
    *,
    now: float,
    include: str = "Metadata",
    headers: bool = True,
    version: str = TABLE_VERSION,
    metadata: Mapping[str, Any] | None = None,
) -> Object:
    """The Table of ``objects``; empty ``columns`` mean Name and Age.

    ``include`` (the includeObject parameter): None, Metadata or Object. ``metadata`` is the list's (resourceVersion,
    continue …). ``headers=False`` leaves the column definitions out, as watch events after the first do.
    """
    shown = columns or DEFAULT_COLUMNS
    table: Object = {
        "kind": "Table",
        "apiVersion": version,
        "metadata": dict(metadata or {}),
        "columnDefinitions": definitions(shown) if headers else [],
        "rows": [_row(shown, obj, include, now) for obj in objects],
    }
    return table


def definitions(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The columnDefinitions of a Table; empty ``columns`` mean Name and Age."""
    return [_definition(column) for column in columns or DEFAULT_COLUMNS]


def _definition(column: Column) -> dict[str, Any]:
    # Date cells hold the age as text, so the type that clients see is string, as upstream's printers have it.
    return {
        "name": column.name,
        "type": {"date": "string", "timestamp": "date", "since": "date"}.get(column.type, column.type),
        "format": column.format,
        "description": column.description or f"{column.name} of the object.",
        "priority": column.priority,
    }


def _row(columns: Sequence[Column], obj: Object, include: str, now: float) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": [_cell(column, obj, now) for column in columns]}
    if include == "Object":
        row["object"] = obj
    elif include == "Metadata":
        row["object"] = to_partial(obj)
    return row


def _cell(column: Column, obj: Object, now: float) -> Any:
    value = column.cell(obj)
    if column.type == "since":
        return _since(value, now)
    return age(value, now) if column.type == "date" else value


def _since(value: Any, now: float) -> str | None:
    """The age in a column that is declared as a date; a time that cannot be read is shown as such."""
    if not isinstance(value, str):
        return None
    try:
        return human_duration(now - parse_time(value))
    except BadRequest:
        return "<invalid>"


def to_partial(obj: Object) -> Object:
    """PartialObjectMetadata: the metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": TABLE_VERSION, "metadata": obj.get("metadata") or {}}


def to_partial_list(objects: Iterable[Object], *, metadata: Mapping[str, Any] | None = None) -> Object:
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": TABLE_VERSION,
        "metadata": dict(metadata or {}),
        "items": [to_partial(obj) for obj in objects],
    }
