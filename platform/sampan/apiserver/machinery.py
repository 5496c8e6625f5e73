"""The one place that names the objects layer's functions which the verbs use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan.errors import BadRequest, UnsupportedMediaType
from sampan.objects import metadata, selectors, validation

label_selector = selectors.parse_labels
Selector = selectors.Selector
copy = metadata.copy


def field_terms(text: str) -> list[tuple[str, str, str]]:
    """(field, "=" or "!=", value); raises BadRequest."""
    return [(term.key, term.operator, term.values[0]) for term in selectors.parse_fields(text).requirements]


def check_metadata(obj: Object, kind: Kind, old: Object | None) -> Iterable[Problem]:
    return validation.validate_metadata(obj, namespaced=kind.namespaced, name_rule=kind.name_rule, old=old)


def decode(kind: Kind, data: bytes, media: str, strictness: str) -> tuple[Object, list[str]]:
    return decode_kind(kind.group, kind.version, kind.kind, data, media), []


def decode_kind(group: str, version: str, kind: str, data: bytes, media: str) -> Object:
    return decode_options(data, media)


def decode_options(data: bytes, media: str) -> Object:
    if media not in ("application/json", ""):
        raise UnsupportedMediaType(f"the body of the request was in an unknown format - {media}")
    return _object(data)


def read_patch(how: str, data: bytes) -> Any:
    return _object(data)


def patch(how: str, kind: Kind, current: Object, change: Any, strictness: str) -> tuple[Object, list[str]]:
    return _merge(current, change), []


def patch_free(how: str, current: Object, change: Any) -> Object:
    found: Object = _merge(current, change)
    return found


def read_apply(kind: Kind, data: bytes, strictness: str) -> Object:
    return _object(data)


def table_columns(kind: Kind) -> list[dict[str, Any]]:
    return [
        {"name": c.name, "type": c.type, "format": c.format, "description": c.description, "priority": c.priority}
        for c in kind.columns or PLAIN
    ]


def table_cells(kind: Kind, obj: Object) -> list[Any]:
    return [c.cell(obj) for c in kind.columns or PLAIN]


PLAIN = (
    Column("Name", lambda obj: obj["metadata"]["name"], format="name"),
    Column("Age", lambda obj: obj["metadata"].get("creationTimestamp"), type="date"),
)


def _object(data: bytes) -> Object:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise BadRequest(f"json parse error: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest("an object is expected")
    return found


def _merge(target: Any, change: Any) -> Any:
    if not isinstance(change, dict):
        return change
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merge(found.get(key), value)
    return found
