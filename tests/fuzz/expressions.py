"""CEL made by chance: expressions of the grammar's pieces, and text in which something was changed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

VALUES: Mapping[str, Any] = {
    "self": {
        "name": "a",
        "size": 3,
        "list": [1, 2, 3],
        "map": {"x": 1, "y": "z"},
        "deep": [{"name": "b"}],
        "none": None,
    },
    "n": 7,
    "s": "text",
    "d": 1.5,
    "t": True,
}
ATOMS = (
    "self", "n", "s", "d", "t", "self.name", "self.size", "self.list", "self.map", "self.deep", "self.none",
    "self.missing", "1", "-1", "0", "9223372036854775807", "-9223372036854775808", "1u", "1.5", "1e308", "'a'", "''",
    '"\\u00e9"', "b'x'", "true", "null", "[]", "{}", "[1, 2]", "{'a': 1}", "'10.0.0.1'", "'1Gi'", "'1.2.3'",
    "r'\\d+'", "'[a'", "duration('1h')", "x", "y", "timestamp('2025-01-02T03:04:05Z')", "self.?name", "self[?'name']",
    "optional.none()", "type(n)", "int", "a.b.c",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in")
FUNCTIONS = (
    "size", "string", "int", "uint", "double", "bool", "bytes", "type", "dyn", "duration", "timestamp", "quantity",
    "isQuantity", "ip", "isIP", "cidr", "isCIDR", "url", "isURL", "has", "math.greatest", "math.least",
    "base64.encode", "base64.decode", "optional.of", "sets.contains", "sets.intersects", "lists.range",
    "strings.quote", "math.bitAnd", "math.sqrt", "missing",
)  # fmt: skip
METHODS = (
    "size", "contains", "startsWith", "endsWith", "matches", "find", "findAll", "split", "join", "replace",
    "substring", "trim", "lowerAscii", "upperAscii", "charAt", "indexOf", "lastIndexOf", "format", "reverse", "sum",
    "min", "max", "isSorted", "flatten", "distinct", "sort", "slice", "getFullYear", "getHours", "getSeconds", "add",
    "sub", "compareTo", "isGreaterThan", "asInteger", "family", "containsIP", "prefixLength", "getHost", "getQuery",
    "hasValue", "value", "orValue", "or", "missing",
)  # fmt: skip
MACROS = ("all", "exists", "exists_one", "map", "filter")
LETTERS = "()[]{}.,?:!&|=<>+-*/%\"'\\\n \t0aé\u0000\ud83d@#$"


class Expressions:
    """The same seed makes the same texts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self) -> str:
        text = self._expression(self._random.randrange(5))
        return self._changed(text) if self._random.randrange(4) == 0 else text

    def _expression(self, depth: int) -> str:
        pick = self._random
        if depth == 0:
            return pick.choice(ATOMS)
        part = self._expression(depth - 1)
        how = pick.randrange(9)
        if how == 0:
            return f"({part}) {pick.choice(BINARY)} ({self._expression(depth - 1)})"
        if how == 1:
            return f"{pick.choice(('!', '-', '--'))}({part})"
        if how == 2:
            return f"{self._expression(depth - 1)} ? {part} : {self._expression(depth - 1)}"
        if how == 3:
            return f"{pick.choice(FUNCTIONS)}({self._arguments(depth)})"
        if how == 4:
            return f"({part}).{pick.choice(METHODS)}({self._arguments(depth)})"
        if how == 5:
            variables = pick.choice(("x", "x, y", "x.y", "1", "self"))
            return f"({part}).{pick.choice(MACROS)}({variables}, {self._expression(depth - 1)})"
        if how == 6:
            return f"({part})[{self._expression(depth - 1)}]"
        if how == 7:
            return f"[{part}, {self._expression(depth - 1)}]"
        return f"{{{self._expression(depth - 1)}: {part}}}"

    def _arguments(self, depth: int) -> str:
        return ", ".join(self._expression(depth - 1) for _ in range(self._random.randrange(4)))

    def _changed(self, text: str) -> str:
        for _ in range(self._random.randrange(1, 4)):
            at = self._random.randrange(len(text) + 1)
            how = self._random.randrange(3)
            if how == 0:
                text = text[:at] + self._random.choice(LETTERS) + text[at:]
            elif how == 1:
                text = text[:at] + text[at + 1 :]
            else:
                text = text[:at] + text[at : at + 9] * self._random.choice((2, 2, 40)) + text[at:]
        return text
