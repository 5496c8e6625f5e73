"""Limits nesting far below Python's recursion limit, so that no later walk over an accepted object reaches it."""

from __future__ import annotations

from typing import Any

#: Kubernetes types nest far less; leaves room for custom payloads.
MAX_DEPTH = 200


def may_be_deep(body: bytes) -> bool:
    """Whether JSON text has enough brackets to be deep: excludes nearly every body without a walk."""
    return body.count(b"{") + body.count(b"[") > MAX_DEPTH


def is_deep(value: Any) -> bool:
    """Whether dicts and lists nest deeper than MAX_DEPTH. Level by level, not recursive."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
