"""Decodes YAML bodies to JSON values, as sigs.k8s.io/yaml does.

The result has only JSON values: no dates, no tags, no shared or recursive structures. Most clients send JSON under a
YAML media type, so JSON is tried first. Knows nothing of kinds.
"""

from __future__ import annotations

import io
import math
import re
from typing import Any

import msgspec
import yaml

from sampan.errors import BadRequest
from sampan_machinery.schema.depth import MAX_DEPTH, is_deep, may_be_deep

Object = dict[str, Any]

#: Values that aliases may add to a document; upstream refuses documents in which they exceed the text by far.
MAX_ALIASED = 10_000
MAX_VALUES = 80_000  # each takes 15 microseconds to read
#: Bytes per read of the parser. Each read runs Python code, so that other threads can run in between.
SLICE = 16 << 10
#: Longer plain scalars are text: numbers are shorter, and matching one against megabytes is slow.
LONGEST_NUMBER = 512
_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset({"str", "int", "float", "bool", "null"})
#: Unquoted words that are not strings. Source: go-yaml v2, resolve.go (which words).
_WORDS: dict[str, bool | None] = {
    **{form: True for word in ("y", "yes", "true", "on") for form in (word, word.capitalize(), word.upper())},
    **{form: False for word in ("n", "no", "false", "off") for form in (word, word.capitalize(), word.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_INTEGERS = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16), (re.compile(r"[-+]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[-+]?0[bB][01]+"), 2), (re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII), 10),
)  # fmt: skip
_DIGITS = 64  # more do not fit any integer type


class NoMap(BadRequest):
    """A document that can be read, and is no map; ``value`` is what it is, None where it is empty."""

    def __init__(self, why: str, value: Any) -> None:
        super().__init__(f"error converting YAML to JSON: {why}")
        self.value = value


class _Refused(Exception):
    """A document cannot be read. Not raised to callers."""


def decode(body: bytes) -> Object:
    """The object in one YAML (or JSON) document; of keys given twice the last counts. Raises BadRequest only."""
    return _read(body)[0]


def duplicates(body: bytes) -> list[str]:
    """Keys given twice, as ``line 9: key "foo" already set in map``. Raises BadRequest as ``decode`` does."""
    return _read(body, json_first=False)[1]


def _read(body: bytes, *, json_first: bool = True) -> tuple[Object, list[str]]:
    if json_first and body.lstrip()[:1] == b"{":
        found = _as_json(body)
        if found is not None:
            return found, []
    try:
        building = _Building(body)
        return building.document(), building.repeated
    except _Refused as error:
        raise BadRequest(f"error converting YAML to JSON: {error}") from None
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError, OverflowError) as error:
        raise BadRequest(f"error converting YAML to JSON: yaml: {_said(error)}") from None


def _as_json(body: bytes) -> Object | None:
    """The JSON object, or None if it is not JSON."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if may_be_deep(body) and is_deep(found):
        raise BadRequest("error converting YAML to JSON: exceeded max depth")
    return found if isinstance(found, dict) else None


def _said(error: Exception) -> str:
    """A parser's error in one line, with the line number."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or (str(error).splitlines() or [type(error).__name__])[0]
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


class Slices(io.RawIOBase):
    """A body for the parser in C, in slices; with the whole text it would hold the interpreter lock for too long."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0
        self.reads = 0

    def read(self, size: int = -1) -> bytes:
        start, self._at = self._at, self._at + min(size, SLICE)
        self.reads += 1
        return self._body[start : self._at]


class _Building:
    """Builds values from the parser's events, so that limits are checked before values are built."""

    def __init__(self, body: bytes) -> None:
        self.repeated: list[str] = []
        self._loader: Any = yaml.CSafeLoader(
            Slices(body) if len(body) > SLICE else body
        )  # the stubs know neither its events nor resolve()
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._aliased = 0
        self._built = 0

    def document(self) -> Object:
        try:
            return self._document()
        finally:
            self._loader.dispose()

    def _document(self) -> Object:
        loader = self._loader
        loader.get_event()  # stream start
        if loader.check_event(yaml.StreamEndEvent):
            raise NoMap("the body is empty", None)
        loader.get_event()  # document start
        value = self._value(loader.get_event(), 0)
        loader.get_event()  # document end
        if not loader.check_event(yaml.StreamEndEvent):
            raise _Refused("more than one document")
        if not isinstance(value, dict):
            raise NoMap("the document is not a map", value)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        """The value that begins with the event."""
        if depth > MAX_DEPTH:
            raise _Refused("exceeded max depth")
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        self._built += 1
        if self._built > MAX_VALUES:
            raise _Refused(f"the document holds more than {MAX_VALUES} keys and values")
        before = self._built
        if kind is yaml.ScalarEvent:
            value = self._long(event) if len(event.value) > LONGEST_NUMBER else self._scalar(event)
        elif kind is yaml.SequenceStartEvent:
            value = []
            following = self._loader.get_event
            while type(event_within := following()) is not yaml.SequenceEndEvent:
                value.append(self._value(event_within, depth + 1))
        else:
            value = self._map(depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._built - before + 1)
        return value

    def _alias(self, event: yaml.AliasEvent) -> Any:
        if event.anchor not in self._anchors:
            raise _Refused(f"yaml: unknown anchor '{event.anchor}' referenced")
        value, size = self._anchors[event.anchor]
        self._built += size
        self._count_aliased(size)
        if is_deep(value):
            raise _Refused("exceeded max depth")
        return _copy(value)

    def _count_aliased(self, values: int) -> None:
        """Values that aliases and merge keys bring in."""
        self._aliased += values
        if self._aliased > MAX_ALIASED:
            raise _Refused("yaml: document contains excessive aliasing")

    def _map(self, depth: int) -> Object:
        found: Object = {}
        merged: list[Any] = []
        following = self._loader.get_event
        while type(event := following()) is not yaml.MappingEndEvent:
            name = _key(self._value(event, depth + 1))
            value = self._value(following(), depth + 1)
            if name == "<<" and _is_merge(event):
                merged.extend(value if isinstance(value, list) else [value])
                continue
            if name in found:
                self.repeated.append(f'line {event.start_mark.line + 1}: key "{name}" already set in map')
            found[name] = value
        for part in merged:
            if not isinstance(part, dict):
                raise _Refused("yaml: map merge requires map or sequence of maps as the value")
            self._count_aliased(len(part))
            for name, value in part.items():
                found.setdefault(name, value)
        return found

    def _long(self, event: yaml.ScalarEvent) -> str:
        if event.tag and event.tag not in ("!", _TAG + "str"):
            raise _Refused("a value with a tag is too long")
        return _clean(event.value)

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        if event.tag and event.tag != "!":
            return _tagged(event.tag, event.value)
        if event.implicit[0] and event.tag is None:
            return _plain(event.value)
        return _clean(event.value)


def _tagged(tag: str, text: str) -> Any:
    """A scalar with an explicit tag; its text must have that type."""
    wanted = tag.removeprefix(_TAG)
    if wanted not in _TAGS:
        raise _Refused(f"yaml: tag {tag[:80]} is not supported")
    if wanted == "str":
        return _clean(text)
    value = _plain(text)
    fits = {"int": int, "float": int | float, "bool": bool, "null": type(None)}[wanted]
    if not isinstance(value, fits) or (wanted in {"int", "float"} and isinstance(value, bool)):
        raise _Refused(f"yaml: cannot decode `{text[:80]}` as a !!{wanted}")
    return value


def _is_merge(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "<<" and bool(event.implicit[0])


def _plain(text: str) -> Any:
    """An unquoted scalar, with its type by its text. Times and base-60 numbers are text.

    Numbers become JSON numbers: a whole float becomes an integer.
    """
    if len(text) > LONGEST_NUMBER:
        return _clean(text)
    if text in _WORDS:
        return _WORDS[text]
    if _ENDLESS.fullmatch(text):
        raise _Refused(f"json: unsupported value: {text[:40]}")
    if text[0] not in "0123456789+-.":
        return _clean(text)
    digits = text if text[0] == "." else text.replace("_", "")
    if len(digits) <= _DIGITS:
        for form, base in _INTEGERS:
            if form.fullmatch(digits):
                return _integer(digits, base)
    return _float(digits) if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)) else _clean(text)


def _integer(digits: str, base: int) -> int | float | str:
    value = int(digits.lower().replace("0o", "0", 1) if base == 8 else digits, base)
    return value if -(1 << 63) <= value < 1 << 64 else float(value)


def _float(digits: str) -> int | float:
    value = float(digits)
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _clean(text: str) -> str:
    text.encode()  # half surrogates raise UnicodeEncodeError here rather than when stored
    return text


def _key(value: Any) -> str:
    """A map key as JSON has it. Go's reader turns numbers and booleans into text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(value, "d") if isinstance(value, int) else repr(value)
    if value is None:
        return "null"
    raise _Refused("a map key is a list or a map")


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_copy(child) for child in value]
    return value
