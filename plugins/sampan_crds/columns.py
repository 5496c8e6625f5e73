"""Printed columns of a version of a definition.

Source: apiextensions-apiserver, pkg/registry/customresource/tableconvertor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sampan.contracts.kinds import Column, Object
from sampan_crds import jsonpath
from sampan_machinery.columns import AGE, NAME

_ABOUT = "Custom resource definition column (in JSONPath format): "


def columns_of(found: Sequence[Object]) -> tuple[Column, ...]:
    """Name, then those of ``additionalPrinterColumns``; without any, Name and Age."""
    if not found:
        return NAME, Column("Age", AGE.cell, type="since", description=AGE.description)
    return NAME, *(_column(each) for each in found)


def _column(found: Object) -> Column:
    path, kind = str(found.get("jsonPath") or ""), str(found.get("type") or "string")
    return Column(
        str(found.get("name") or ""),
        _cell(path, kind),
        type="since" if kind == "date" else kind,
        format=str(found.get("format") or ""),
        priority=int(found.get("priority") or 0),
        description=str(found.get("description") or "") or _ABOUT + path,
    )


def _cell(path: str, kind: str) -> Callable[[Object], Any]:
    shown = _SHOWN.get(kind, _text)
    try:
        find = jsonpath.compiled(path)
    except ValueError:
        return lambda obj: None

    def cell(obj: Object) -> Any:
        found = find(obj)
        return None if not found or found[0] is None else shown(found[0])

    return cell


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


_SHOWN: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "date": lambda value: value if isinstance(value, str) else None,
}
