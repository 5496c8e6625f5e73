"""Paths into an object, in the subset of jq that KWOK's published stages use.

``.a.b``, ``.a["x/y"]``, ``.a.[]``, ``.a[]``, ``.a[0]``, ``| test("regex")``, and ``| select( .b == "x" )`` with ``==``
or ``!=`` against text, a number, true, false, null or another path, or with a path alone, as ``.b | test("x")``.
Everything else is refused when it is compiled. Source: jq's manual, "Basic filters".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>\.\s*[A-Za-z_][A-Za-z0-9_]*)|(?P<each>\.?\[\s*\])|(?P<key>\.?\[\s*"(?:[^"\\]|\\.)*"\s*\])
        |(?P<at>\.?\[\s*-?\d+\s*\])|(?P<pipe>\|)|(?P<select>select\s*\()|(?P<test>test\s*\(\s*"(?:[^"\\]|\\.)*"\s*\))
        |(?P<quoted>\.\s*"(?:[^"\\]|\\.)*")|(?P<self>\.))""",
    re.VERBOSE,
)
_COMPARISON = re.compile(r"\s*(==|!=)\s*")
_CONSTANT = re.compile(r""""(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null""")
_END = re.compile(r"\s*\)")

Step = Callable[[Any], Iterator[Any]]


class PathError(ValueError):
    """A path outside the subset, or one that does not fit the object."""


class Path:
    """A compiled path."""

    def __init__(self, text: str) -> None:
        """Raises PathError."""
        self.text = text
        self._steps, end = _compiled(text, 0)
        if end != len(text):
            raise PathError(f"{text!r} is not understood from {text[end:]!r} on: {_SUBSET}")

    def values(self, obj: Any) -> list[Any] | None:
        """The values there, without nulls; None where jq would end in an error (a list that is not there is
        iterated)."""
        try:
            return [value for value in _walk(self._steps, obj) if value is not None]
        except PathError:
            return None


_SUBSET = 'paths are like .a.b, .a[], .a["x/y"] and | select(.b == "x")'


def _compiled(text: str, at: int, *, nested: bool = False) -> tuple[list[Step], int]:
    steps: list[Step] = []
    expects = True  # a filter must follow: at the start and after a pipe
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            break
        kind, token = str(found.lastgroup), str(found[str(found.lastgroup)])
        if kind == "pipe":
            if expects:
                break
            expects, at = True, found.end()
            continue
        if kind == "select":
            if not expects:
                break
            step, at = _selection(text, found.end())
            steps.append(step)
        elif kind == "test":
            if not expects:
                break
            steps.append(_tested(token))
            at = found.end()
        elif kind == "self":
            if not expects:
                break
            at = found.end()
        else:
            steps.append(_step(kind, token))
            at = found.end()
        expects = False
    if expects:
        raise PathError(f"{text!r} is not a path: {_SUBSET}")
    return steps, at if nested else at + len(text[at:]) - len(text[at:].lstrip())


def _step(kind: str, token: str) -> Step:
    if kind == "each":
        return _each
    inner = token.lstrip(". \t")
    if kind == "name":
        return _field(inner)
    if kind == "quoted":
        return _field(json.loads(inner))
    inside = json.loads(inner[1:-1])
    return _item(inside) if kind == "at" else _field(inside)


def _selection(text: str, at: int) -> tuple[Step, int]:
    left, at = _compiled(text, at, nested=True)
    right: list[Step] | None = None  # None: compared with nothing
    equal, constant = True, None
    if (operator := _COMPARISON.match(text, at)) is not None:
        equal, at = operator[1] == "==", operator.end()
        if (found := _CONSTANT.match(text, at)) is not None:
            right, constant, at = [], json.loads(found[0]), found.end()
        else:
            right, at = _compiled(text, at, nested=True)
    if (end := _END.match(text, at)) is None:
        raise PathError(f"{text!r}: select takes a path, or compares it by == or != with one constant or path")

    def select(value: Any) -> Iterator[Any]:
        for inner in _walk(left, value):
            if right is None:
                if inner is not None and inner is not False:
                    yield value
                continue
            others = _walk(right, value) if right else [constant]
            yield from (value for other in others if (inner == other and type(inner) is type(other)) == equal)

    return select, end.end()


def _tested(token: str) -> Step:
    """jq's ``test``; only text can be tested."""
    try:
        pattern = re.compile(json.loads(token[token.index('"') : token.rindex('"') + 1]))
    except re.error as error:
        raise PathError(f"{token}: {error}") from None

    def step(value: Any) -> Iterator[Any]:
        if not isinstance(value, str):
            raise PathError(f"test of {type(value).__name__}")
        yield pattern.search(value) is not None

    return step


def _field(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if value is None:
            yield None
        elif isinstance(value, dict):
            yield value.get(name)
        else:
            raise PathError(f"{name} of {type(value).__name__}")

    return step


def _item(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if value is None:
            yield None
        elif isinstance(value, list):
            yield value[index] if -len(value) <= index < len(value) else None
        else:
            raise PathError(f"[{index}] of {type(value).__name__}")

    return step


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    else:
        raise PathError(f"[] of {type(value).__name__}")


def _walk(steps: list[Step], value: Any, at: int = 0) -> Iterator[Any]:
    if at == len(steps):
        yield value
        return
    for each in steps[at](value):
        yield from _walk(steps, each, at + 1)
