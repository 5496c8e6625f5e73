"""Label and field selectors: parsed once, cached, and matched often.

Knows texts, label maps and LabelSelector objects; nothing of stores and indexes, which use ``requirements`` and
``equalities``. Source: API concepts "Labels and Selectors", "Field Selectors"; apimachinery labels, fields (meaning).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sampan.errors import BadRequest
from sampan_machinery.names import label_key, label_value
from sampan_machinery.problems import shown

#: Operators of a requirement in their text form.
EQUALS, NOT_EQUALS, IN, NOT_IN, EXISTS, ABSENT, GREATER, LESS = "=", "!=", "in", "notin", "exists", "!", ">", "<"
_OBJECT_OPERATORS = {"In": IN, "NotIn": NOT_IN, "Exists": EXISTS, "DoesNotExist": ABSENT}
#: Node affinity has two more. Source: core/v1 NodeSelectorRequirement.
_NODE_OPERATORS = {**_OBJECT_OPERATORS, "Gt": GREATER, "Lt": LESS}
#: Parsing is linear; the limit prevents a hostile query from filling the cache.
MAX_LENGTH = 64 * 1024
_CACHED_LENGTH = 1024


class Requirement(NamedTuple):
    """One condition. ``values`` are sorted; one value for =, !=, > and <; none for exists and !."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        key, operator, values = self
        if operator in (EQUALS, IN):
            return key in labels and labels[key] in values
        if operator in (NOT_EQUALS, NOT_IN):
            return key not in labels or labels[key] not in values
        if operator == EXISTS:
            return key in labels
        if operator == ABSENT:
            return key not in labels
        return key in labels and _compares(labels[key], operator, values[0])

    def __str__(self) -> str:
        key, operator, values = self
        if operator == EXISTS:
            return key
        if operator == ABSENT:
            return f"!{key}"
        if operator in (IN, NOT_IN):
            return f"{key} {operator} ({','.join(values)})"
        return f"{key}{operator}{values[0]}"


class Selector:
    """A conjunction of requirements. Immutable, hashable by its text.

    ``requirements`` is sorted by key. ``equalities`` holds the (key, value) pairs that a match must have, for lookups
    in an index. ``nothing`` matches no object, as an absent LabelSelector.
    """

    __slots__ = ("_rest", "equalities", "nothing", "requirements")

    def __init__(self, requirements: Iterable[Requirement] = (), *, nothing: bool = False) -> None:
        self.requirements = tuple(sorted(requirements, key=lambda requirement: requirement.key))
        self.nothing = nothing
        exact = [r for r in self.requirements if r.operator in (EQUALS, IN) and len(r.values) == 1]
        self.equalities = tuple((r.key, r.values[0]) for r in exact)
        self._rest = tuple(r for r in self.requirements if r not in exact)

    @property
    def empty(self) -> bool:
        """Selects everything."""
        return not self.requirements and not self.nothing

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        if labels is None:
            labels = {}
        for key, value in self.equalities:
            if labels.get(key) != value:
                return False
        for requirement in self._rest:
            if not requirement.matches(labels):
                return False
        return not self.nothing

    def exact(self, key: str) -> str | None:
        """The value that a match must have for ``key``, or None."""
        return next((value for name, value in self.equalities if name == key), None)

    def __bool__(self) -> bool:
        return not self.empty

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return f"Selector({str(self)!r})" if not self.nothing else "Selector(nothing)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and (self.requirements, self.nothing) == (other.requirements, other.nothing)

    def __hash__(self) -> int:
        return hash((self.requirements, self.nothing))


class FieldSelector(Selector):
    """Requirements on fields: an absent field counts as empty, and the text form escapes values."""

    __slots__ = ()

    def matches(self, fields: Mapping[str, str] | None) -> bool:
        known = fields or {}
        for key, operator, values in self.requirements:
            if (known.get(key, "") == values[0]) is (operator == NOT_EQUALS):
                return False
        return True

    def __str__(self) -> str:
        return ",".join(f"{key}{operator}{escape(values[0])}" for key, operator, values in self.requirements)


EVERYTHING = Selector()
ALL_FIELDS = FieldSelector()
NOTHING = Selector(nothing=True)

_TOKEN = re.compile(r"[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^=!(),<> \t\r\n]+))")
_END = ""
_BINARY = "in, notin, =, ==, !=, gt, lt"


class _Unreadable(Exception):
    """A text is not a selector; callers get a BadRequest."""


def parse_labels(text: str) -> Selector:
    """A labelSelector parameter. Raises BadRequest."""
    if not text:
        return EVERYTHING
    if len(text) > MAX_LENGTH:
        raise BadRequest(f"unable to parse requirement: the selector is longer than {MAX_LENGTH} characters")
    return _cached_labels(text) if len(text) <= _CACHED_LENGTH else _parse_labels(text)


def _parse_labels(text: str) -> Selector:
    try:
        return Selector(_requirements(_tokens(text)))
    except _Unreadable as why:
        raise BadRequest(str(why)) from None


_cached_labels = lru_cache(1024)(_parse_labels)


def _tokens(text: str) -> list[str]:
    """The tokens, reversed so that pop() returns the next; the end is an empty text. Symbols and words are disjoint."""
    found = [symbol or word for symbol, word in _TOKEN.findall(text.strip(" \t\r\n"))]
    return [_END, *reversed(found)]


def _is_word(token: str) -> bool:
    return token != _END and token[0] not in "=!(),<>"


def _requirements(tokens: list[str]) -> list[Requirement]:
    found: list[Requirement] = []
    while True:
        first = tokens[-1]
        if first == _END:
            return found
        if not _is_word(first) and first != ABSENT:
            raise _Unreadable(f"found '{first}', expected: !, identifier, or 'end of string'")
        try:
            found.append(_requirement(tokens))
        except _Unreadable as why:
            raise _Unreadable(f"unable to parse requirement: {why}") from None
        after = _take(tokens)
        if after == _END:
            return found
        if after != ",":
            raise _Unreadable(f"found '{after}', expected: ',' or 'end of string'")
        if not _is_word(tokens[-1]) and tokens[-1] != ABSENT:
            raise _Unreadable(f"found '{tokens[-1]}', expected: identifier after ','")


def _take(tokens: list[str]) -> str:
    return tokens.pop() if len(tokens) > 1 else _END


def _requirement(tokens: list[str]) -> Requirement:
    key = _take(tokens)
    absent = key == ABSENT
    if absent:
        key = _take(tokens)
    if not _is_word(key):
        raise _Unreadable(f"found '{key}', expected: identifier")
    if complaints := label_key(key):
        raise _Unreadable(f"<nil>: Invalid value: {shown(key)}: {'; '.join(complaints)}")
    if absent:
        return Requirement(key, ABSENT)
    if tokens[-1] in (_END, ","):
        return Requirement(key, EXISTS)
    operator = _take(tokens)
    if operator == "==":
        operator = EQUALS
    if operator not in (EQUALS, NOT_EQUALS, IN, NOT_IN, GREATER, LESS):
        raise _Unreadable(f"found '{operator}', expected: {_BINARY}")
    values = _set_values(tokens) if operator in (IN, NOT_IN) else (_single_value(tokens),)
    return checked(key, operator, values)


def _single_value(tokens: list[str]) -> str:
    if tokens[-1] in (_END, ","):
        return ""
    value = _take(tokens)
    if not _is_word(value):
        raise _Unreadable(f"found '{value}', expected: identifier")
    return value


def _set_values(tokens: list[str]) -> tuple[str, ...]:
    opening = _take(tokens)
    if opening != "(":
        raise _Unreadable(f"found '{opening}' expected: '('")
    values, expect_value = set(), True
    while True:
        token = _take(tokens)
        if _is_word(token) and expect_value:
            values.add(token)
            expect_value = False
        elif token in (",", ")"):
            if expect_value:
                values.add("")
            expect_value = True
            if token == ")":
                return tuple(sorted(values))
        elif expect_value:
            raise _Unreadable(f"found '{token}', expected: ',', ')' or identifier")
        else:
            raise _Unreadable(f"found '{token}', expected: ',' or ')'")


def checked(key: str, operator: str, values: tuple[str, ...]) -> Requirement:
    """A requirement with checked values."""
    found: list[str] = []
    if operator in (GREATER, LESS) and _integer(values[0]) is None:
        detail = "for 'Gt', 'Lt' operators, the value must be an integer"
        found.append(f"values[0]: Invalid value: {shown(values[0])}: {detail}")
    for index, value in enumerate(values):
        if complaints := label_value(value):
            found.append(f"values[{index}][{key}]: Invalid value: {shown(value)}: {'; '.join(complaints)}")
    if found:
        raise _Unreadable(found[0] if len(found) == 1 else f"[{', '.join(found)}]")
    return Requirement(key, operator, values)


_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)


def _integer(text: str) -> int | None:
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def _compares(value: str, operator: str, bound: str) -> bool:
    left, right = _integer(value), _integer(bound)
    if left is None or right is None:
        return False
    return left > right if operator == GREATER else left < right


def from_labels(labels: Mapping[str, str] | None) -> Selector:
    """The selector of a label map, as in ReplicationController and Service: all pairs must match; empty selects all."""
    return Selector(Requirement(key, EQUALS, (value,)) for key, value in (labels or {}).items())


def from_object(selector: Mapping[str, Any] | None) -> Selector:
    """A meta/v1 LabelSelector: absent selects nothing, empty selects everything. Raises BadRequest."""
    if selector is None:
        return NOTHING
    pairs = selector.get("matchLabels") or {}
    try:
        found = [checked(_key(key), EQUALS, (value,)) for key, value in pairs.items()]
        found += [_expression(each, _OBJECT_OPERATORS) for each in selector.get("matchExpressions") or ()]
    except _Unreadable as why:
        raise BadRequest(str(why)) from None
    return Selector(found) if found else EVERYTHING


def from_node_term(expressions: Iterable[Mapping[str, Any]] | None) -> Selector:
    """matchExpressions (or matchFields) of a NodeSelectorTerm, which also know Gt and Lt. Raises BadRequest."""
    try:
        return Selector(_expression(each, _NODE_OPERATORS) for each in expressions or ())
    except _Unreadable as why:
        raise BadRequest(str(why)) from None


def _key(key: str) -> str:
    if complaints := label_key(key):
        raise _Unreadable(f"key: Invalid value: {shown(key)}: {'; '.join(complaints)}")
    return key


def _expression(expression: Mapping[str, Any], operators: Mapping[str, str]) -> Requirement:
    name = expression.get("operator") or ""
    operator = operators.get(name)
    if operator is None:
        raise _Unreadable(f"{shown(name)} is not a valid label selector operator")
    values = tuple(sorted(set(expression.get("values") or ())))
    key = _key(expression.get("key") or "")
    if operator in (IN, NOT_IN) and not values:
        raise _Unreadable("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
    if operator in (EXISTS, ABSENT) and values:
        raise _Unreadable(
            f"values: Invalid value: {shown(list(values))}: values set must be empty for exists and does not exist"
        )
    if operator in (GREATER, LESS) and len(values) != 1:
        raise _Unreadable(
            f"values: Invalid value: {shown(list(values))}: for 'Gt', 'Lt' operators, exactly one value is required"
        )
    return checked(key, operator, values)


# Field selectors: key=value and key!=value, joined by commas; backslash escapes in values.

_OPERATOR = re.compile(r"!=|==|=")
_ESCAPE = re.compile(r"\\(.?)|[,=]", re.DOTALL)


def parse_fields(text: str) -> FieldSelector:
    """A fieldSelector parameter. The caller must check that the fields exist. Raises BadRequest."""
    if not text:
        return ALL_FIELDS
    if len(text) > MAX_LENGTH:
        raise BadRequest(f"invalid selector: longer than {MAX_LENGTH} characters")
    return _cached_fields(text) if len(text) <= _CACHED_LENGTH else _parse_fields(text)


def _parse_fields(text: str) -> FieldSelector:
    return FieldSelector(_field_requirement(text, term) for term in _terms(text) if term)


_cached_fields = lru_cache(1024)(_parse_fields)


def _terms(text: str) -> list[str]:
    """Split at unescaped commas. A backslash at the end is kept; parsing the value reports it."""
    terms, start, skip = [], 0, False
    for position, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\":
            skip = True
        elif char == ",":
            terms.append(text[start:position])
            start = position + 1
    terms.append(text[start:])
    return terms


def _field_requirement(text: str, term: str) -> Requirement:
    operator = _OPERATOR.search(term)
    if operator is None:
        raise BadRequest(f"invalid selector: '{text}'; can't understand '{term}'")
    value = _ESCAPE.sub(_unescape, term[operator.end() :])
    return Requirement(term[: operator.start()], NOT_EQUALS if operator[0] == "!=" else EQUALS, (value,))


def _unescape(match: re.Match[str]) -> str:
    if match[0] in (",", "="):
        raise BadRequest(f"invalid field selector: unescaped character in value: {ord(match[0])}")
    if match[1] not in ("\\", ",", "=") or not match[1]:
        raise BadRequest(f"invalid field selector: invalid escape sequence: {match[0]}")
    return match[1]


def escape(value: str) -> str:
    """Escape a value for a fieldSelector."""
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
