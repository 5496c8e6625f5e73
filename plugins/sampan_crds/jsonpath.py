"""The JSON paths of printed columns: kubectl's dialect, as far as a column has use for it.

``.spec.a``, ``.a['b.c']``, ``.a.b\\.c``, ``.list[0]``, ``.list[-1]``, ``.list[1:3]``, ``.list[*]``, ``..a`` and
``.list[?(@.type=="Ready")]``. Source: k8s.io/client-go/util/jsonpath (meaning).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

Step = Callable[[list[Any]], list[Any]]
_NAME = re.compile(r"(?:\\.|[^.\[\]\\])+")
_FILTER = re.compile(r"\?\(\s*(.+?)\s*\)", re.DOTALL)
_COMPARED = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)", re.DOTALL)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b), "!=": lambda a, b: bool(a != b), "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b), "<=": lambda a, b: bool(a <= b), ">=": lambda a, b: bool(a >= b),
}  # fmt: skip


def compiled(path: str) -> Callable[[Any], list[Any]]:
    """What finds the values at a path, in their order. Raises ValueError for a path that cannot be read."""
    steps = _steps(path)

    def find(obj: Any) -> list[Any]:
        found = [obj]
        for step in steps:
            found = step(found)
        return found

    return find


def _steps(path: str) -> list[Step]:
    steps: list[Step] = []
    at = 0
    while at < len(path):
        if path[at] == "[":
            end = _closing(path, at)
            steps.append(_bracket(path[at + 1 : end].strip()))
            at = end + 1
        elif path.startswith("..", at):
            steps.append(_everything)
            at += 1
        elif path[at] == ".":
            at += 1
            match = _NAME.match(path, at)
            if match is not None:
                name = re.sub(r"\\(.)", r"\1", match.group())
                steps.append(_all if name == "*" else _named(name))
                at = match.end()
        else:
            raise ValueError(f"unexpected character {path[at]!r}")
    return steps


def _closing(path: str, at: int) -> int:
    """The bracket that ends the one at ``at``, quotes and brackets within left aside."""
    depth, quote = 0, ""
    for place in range(at, len(path)):
        letter = path[place]
        if quote:
            quote = "" if letter == quote and path[place - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "[":
            depth += 1
        elif letter == "]":
            depth -= 1
            if not depth:
                return place
    raise ValueError("unterminated array")


def _bracket(text: str) -> Step:
    if text == "*":
        return _all
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        return _named(re.sub(r"\\(.)", r"\1", text[1:-1]))
    if (match := _FILTER.fullmatch(text)) is not None:
        return _filtered(match.group(1))
    parts = text.split(":")
    numbers = [int(part) if part.strip() else None for part in parts]  # raises ValueError
    if len(parts) == 1:
        return _indexed(int(text))
    return lambda found: [each for value in found if isinstance(value, list) for each in value[slice(*numbers)]]


def _named(name: str) -> Step:
    return lambda found: [value[name] for value in found if isinstance(value, dict) and name in value]


def _indexed(index: int) -> Step:
    return lambda found: [
        value[index] for value in found if isinstance(value, list) and -len(value) <= index < len(value)
    ]


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _all(found: list[Any]) -> list[Any]:
    return [each for value in found for each in _children(value)]


def _everything(found: list[Any]) -> list[Any]:
    made: list[Any] = []
    for value in found:
        made.append(value)
        made += _everything(list(_children(value)))
    return made


def _filtered(text: str) -> Step:
    match = _COMPARED.fullmatch(text)
    if match is None:
        there = _operand(text)
        return lambda found: [each for value in found for each in _children(value) if there(each)]
    left, order, right = _operand(match.group(1)), _ORDERS[match.group(2)], _operand(match.group(3))

    def holds(each: Any) -> bool:
        first, second = left(each), right(each)
        try:
            return bool(first and second) and order(first[0], second[0])
        except TypeError:
            return False

    return lambda found: [each for value in found for each in _children(value) if holds(each)]


def _operand(text: str) -> Callable[[Any], list[Any]]:
    text = text.strip()
    if text.startswith("@"):
        return compiled(text[1:])
    if text[:1] == "'" and text[-1:] == "'" and len(text) > 1:
        value: Any = text[1:-1]
    else:
        value = json.loads(text)  # raises ValueError
    return lambda each: [value]
