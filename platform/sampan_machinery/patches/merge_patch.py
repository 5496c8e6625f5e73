"""JSON merge patch (RFC 7396). Knows only JSON; the parser limits the depth of a patch."""

from __future__ import annotations

from typing import Any

from sampan.errors import BadRequest
from sampan_machinery.metadata import copy


def apply(document: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The patched object; shares unchanged parts with neither argument. Raises BadRequest."""
    if not isinstance(patch, dict):
        raise BadRequest("Invalid JSON Patch")
    merged: dict[str, Any] = _merge(document, patch)
    return merged


def apply_to(document: dict[str, Any], patch: Any) -> dict[str, Any]:
    """As ``apply``, but changes ``document`` in place and returns it. Raises BadRequest."""
    if not isinstance(patch, dict):
        raise BadRequest("Invalid JSON Patch")
    for key, value in patch.items():
        if value is None:
            document.pop(key, None)
            continue
        below = document.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            apply_to(below, value)
        else:
            document[key] = _merge(None, value)
    return document


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy(patch)
    old = target if isinstance(target, dict) else {}
    merged = {}
    for key, value in old.items():
        if key not in patch:
            merged[key] = copy(value)
        elif patch[key] is not None:
            merged[key] = _merge(value, patch[key])
    for key, value in patch.items():
        if key not in old and value is not None:
            merged[key] = _merge(None, value)
    return merged
