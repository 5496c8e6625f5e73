"""The names of a definition: those that it wants and those that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems

_MIXED = "may have mixed case, but should otherwise match: "


def check_names(found: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for name in ("plural", "singular"):
        yield from check_label(f"{path}.{name}", str(found.get(name) or ""))
    for name in ("kind", "listKind"):
        text = str(found.get(name) or "")
        if text and (wrong := names.dns_label_1035(text.lower())):
            yield problems.invalid(f"{path}.{name}", text, _MIXED + ",".join(wrong))
    yield from _check_all(found.get("shortNames"), f"{path}.shortNames")
    if found.get("kind") and found.get("kind") == found.get("listKind"):
        yield problems.invalid(f"{path}.listKind", found["listKind"], "kind and listKind may not be the same")
    yield from _check_all(found.get("categories"), f"{path}.categories")


def check_label(path: str, text: str) -> Iterator[Problem]:
    """An RFC 1035 label; empty is the business of who asks."""
    if text and (wrong := names.dns_label_1035(text)):
        yield problems.invalid(path, text, ",".join(wrong))


def _check_all(texts: Any, path: str) -> Iterator[Problem]:
    for index, text in enumerate(texts or ()):
        if wrong := names.dns_label_1035(text):
            yield problems.invalid(f"{path}[{index}]", text, ",".join(wrong))
