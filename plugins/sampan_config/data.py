"""Rules that ConfigMaps and Secrets share: keys, sizes, immutability. Source: core/v1 API reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan.objects import problems

KEY = re.compile(r"[-._a-zA-Z0-9]+")
KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
LONGEST_KEY = 253
LARGEST = 1024 * 1024  # bytes of all values together


def check_keys(path: str, keys: Iterable[str]) -> Iterator[Problem]:
    for key in keys:
        if len(key) > LONGEST_KEY:
            yield problems.invalid(f"{path}[{key}]", key, f"must be no more than {LONGEST_KEY} characters")
        elif not KEY.fullmatch(key):
            yield problems.invalid(f"{path}[{key}]", key, KEY_RULE)
        elif key == ".":
            yield problems.invalid(f"{path}[{key}]", key, "must not be '.'")
        elif key == ".." or key.startswith(".."):
            yield problems.invalid(f"{path}[{key}]", key, "must not start with '..'" if key != ".." else "must not be '..'")


def check_size(path: str, values: Iterable[int]) -> Iterator[Problem]:
    if sum(values) > LARGEST:
        yield problems.too_long(path, LARGEST)


def check_immutable(new: Object, old: Object | None, fields: Iterable[str]) -> Iterator[Problem]:
    """An object once marked immutable keeps its mark and its data."""
    if not old or not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield problems.forbidden("immutable", "field is immutable when `immutable` is set")
    for name in fields:
        if _plain(new.get(name)) != _plain(old.get(name)):
            yield problems.forbidden(name, "field is immutable when `immutable` is set")


def _plain(value: Any) -> Any:
    return value or None
