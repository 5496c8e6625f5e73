"""Paths into a schema: of rules and selectable fields; and the simple JSON paths of columns and scale."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import problems

_TOKENS = re.compile(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]']+|'")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}


class BadPath(ValueError):
    """Not a path to a field of the schema."""


def field_at(path: str, schema: Object, *, brackets: bool = True) -> tuple[tuple[str, ...], Object]:
    """The steps of a path such as ``.spec['a'].b``, and the schema it leads to. Raises BadPath."""
    tokens = iter(_TOKENS.findall(path))
    steps: list[str] = []
    for token in tokens:
        if token == ".":
            name = _next(tokens)
        elif token == "[":
            if not brackets:
                raise BadPath("array notation is not allowed")
            name = _quoted(_next(tokens))
        else:
            raise BadPath(f"expected [ or . but got: {token}")
        schema = _below(schema, name)
        steps.append(name)
        if token == "[" and (end := _next(tokens)) != "]":
            raise BadPath(f"expected ] but got {end}")
    return tuple(steps), schema


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise BadPath("unexpected end of JSON path")
    return token


def _quoted(token: str) -> str:
    if len(token) < 2 or not (token[0] == token[-1] == "'"):
        raise BadPath(f"expected single quoted string but got {token}")

    def plain(match: re.Match[str]) -> str:
        found = _ESCAPES.get(match.group()[1])
        if found is None:
            raise BadPath(f"invalid string literal: invalid escape char {match.group()}")
        return found

    return re.sub(r"\\.", plain, token[1:-1])


def _below(schema: Object, name: str) -> Object:
    properties, more = schema.get("properties"), schema.get("additionalProperties")
    if properties and isinstance(found := properties.get(name), dict):
        return found
    if not properties and isinstance(more, dict):
        return more
    raise BadPath("does not refer to a valid field")


def check_simple(path: str, at: str) -> Iterator[Problem]:
    """A path in dot notation."""
    if not path:
        yield problems.invalid(at, path, "must not be empty")
    elif path[0] != ".":
        yield problems.invalid(at, path, "must be a simple json path starting with .")
