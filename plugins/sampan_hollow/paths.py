"""Paths into an object, in the subset of jq that KWOK's published stages use.

``.a.b``, ``.a["x/y"]``, ``.a.[]``, ``.a[]``, ``.a[0]``, and ``| select( .b == "x" )`` with ``==`` or ``!=`` against
text, a number, true, false or null. Everything else is refused when it is compiled. Source: jq's manual, "Basic
filters".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>\.\s*[A-Za-z_][A-Za-z0-9_]*)|(?P<each>\.?\[\s*\])|(?P<key>\.?\[\s*"(?:[^"\\]|\\.)*"\s*\])
        |(?P<at>\.?\[\s*-?\d+\s*\])|(?P<pipe>\|)|(?P<select>select\s*\()|(?P<quoted>\.\s*"(?:[^"\\]|\\.)*")|(?P<self>\.))""",
    re.VERBOSE,
)
_COMPARISON = re.compile(r"""\s*(==|!=)\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null)\s*\)""")

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
    steps, at = _compiled(text, at, nested=True)
    found = _COMPARISON.match(text, at)
    if found is None:
        raise PathError(f"{text!r}: select compares with == or != and one constant")
    equal, constant = found[1] == "==", json.loads(found[2])

    def select(value: Any) -> Iterator[Any]:
        for inner in _walk(steps, value):
            if (inner == constant and type(inner) is type(constant)) == equal:
                yield value

    return select, found.end()


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
