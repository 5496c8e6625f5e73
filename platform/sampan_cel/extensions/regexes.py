"""Finding parts of a text. Source: Kubernetes' CEL regex library."""

from __future__ import annotations

from sampan_cel import regex, types
from sampan_cel.declarations import Library, member
from sampan_cel.types import INT, STRING


def _find(text: str, pattern: str) -> str:
    found = regex.compiled(pattern).search(text)
    return found.group() if found is not None else ""


def _find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    found: list[str] = []
    for match in regex.compiled(pattern).finditer(text):
        if 0 <= most <= len(found):
            break
        found.append(match.group())
    return found


def _cost(text: str, pattern: str, most: int = -1) -> int:
    return regex.cost(text, pattern)


LIST = types.list_of(STRING)
REGEXES = Library("regex", {
    "find": [member((STRING, STRING), STRING, _find, regex.cost)],
    "findAll": [
        member((STRING, STRING), LIST, _find_all, regex.cost), member((STRING, STRING, INT), LIST, _find_all, _cost),
    ],
})  # fmt: skip
