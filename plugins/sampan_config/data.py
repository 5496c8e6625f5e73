"""Rules that ConfigMaps and Secrets share: keys, sizes, immutability. Source: core/v1 API reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule

LARGEST = 1024 * 1024  # bytes of all values together
_FROZEN = "field is immutable when `immutable` is set"


def check_keys(path: str, keys: Iterable[str]) -> Iterator[Problem]:
    for key in keys:
        if names.config_key(key):
            yield from by_rule(f"{path}[{key}]", key, names.config_key)


def check_size(path: str, sizes: Iterable[int]) -> Iterator[Problem]:
    if sum(sizes) > LARGEST:
        yield problems.too_long(path, LARGEST)


def text_size(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def decoded_size(base64: str) -> int:
    """Bytes that a value in base64 stands for."""
    return len(base64) * 3 // 4 - base64.count("=", -2)


def check_immutable(new: Object, old: Object | None, fields: Iterable[str]) -> Iterator[Problem]:
    """An object once marked immutable keeps its mark and its data."""
    if not old or not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield problems.forbidden("immutable", _FROZEN)
    for name in fields:
        if _plain(new.get(name)) != _plain(old.get(name)):
            yield problems.forbidden(name, _FROZEN)


def _plain(value: Any) -> Any:
    return value or None
