"""Equality of values as the API sees it. Source: apimachinery's semantic equality (meaning)."""

from __future__ import annotations

from typing import Any


def same(one: Any, other: Any) -> bool:
    """Equal where null, an absent field, an empty list and an empty map count as one. An empty text is a value."""
    return bool(_bare(one) == _bare(other))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _bare(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None} or None
    if isinstance(value, list | tuple):
        return [_bare(item) for item in value] or None
    return value
