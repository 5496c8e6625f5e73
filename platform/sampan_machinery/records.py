"""Frozen records (dataclasses) from plain data, for settings: types by msgspec, errors in words with the key's path.

Where it comes from, bounds of values and what a record checks itself are the caller's; see ``bounds``.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sampan.errors import ConfigError

Record = TypeVar("Record")

#: msgspec's error names the place below the value: Expected `int`, got `str` - at `$[0].port`
_WRONG = re.compile(r"^Expected `(?P<wanted>[^`]+)`, got `[^`]+`(?: - at (?P<key>`key` in )?`\$(?P<place>[^`]*)`)?$")
#: Its names of types, where those of sampan.yaml are others.
_WORDS = {
    "array": "a list", "object": "a mapping", "null": "empty", "bool": "true or false", "int": "a whole number",
    "float": "a number", "str": "text",
}  # fmt: skip
_LONGEST = 100  # characters of a value that are shown


def record(
    kind: type[Record], data: Mapping[str, Any], path: str = "", *, a_list: str = "a list of words"
) -> Record:  # fmt: skip
    """The record with these values; what is not named keeps its default. ``path``: of the record, ``plugins.dns.`` say;
    ``a_list``: what is said to be expected where a list of words is, and something else is given.

    Raises ConfigError for a key that the record has not (with a suggestion), and for a value of another type. A
    ValueError of the record's own ``__post_init__`` is passed on.
    """
    if not data:
        return kind()
    hints = _known(kind, path)
    values = {}
    for key, value in data.items():
        if key not in hints:
            raise ConfigError(f"{path}{key} is not a setting{suggest(str(key), hints)}")
        values[key] = converted(hints[key], value, f"{path}{key}", a_list)
    return kind(**values)


def converted(hint: Any, value: Any, path: str, a_list: str = "a list of words") -> Any:
    """The value as that type; lists become tuples, for records are frozen. Raises ConfigError with the path."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path} must be a mapping, not {value!r}")
        return record(hint, value, f"{path}.", a_list=a_list)
    try:
        found = msgspec.convert(value, hint, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ConfigError(_complaint(hint, value, path, str(error), a_list)) from error
    except SystemError as error:  # msgspec 0.19, of an int that is too large for a float
        raise ConfigError(f"{path}: Number out of range") from error
    except TypeError as error:  # of the record's author, not of who wrote the settings
        raise ConfigError(f"{path} cannot be set: values of the type {hint} cannot be read ({error})") from error
    return tuple(found) if isinstance(found, list) and typing.get_origin(hint) is not list else found


def suggest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _known(kind: Any, path: str) -> Mapping[str, Any]:
    try:
        return _hints(kind)
    except NameError as error:  # imported for type checking alone
        raise ConfigError(
            f"{path.rstrip('.')} cannot be set: its record {kind.__qualname__} names a type that is not known at run "
            f"time ({error})"
        ) from error


@functools.lru_cache(maxsize=64)
def _hints(kind: Any) -> Mapping[str, Any]:
    """The fields that may be set and their types."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}


def _path(kind: type, value: Any) -> Any:
    """What msgspec does not convert by itself."""
    if not issubclass(kind, Path):
        raise TypeError(f"{kind.__name__} is not one of the types that settings have")
    if not isinstance(value, str):
        raise ValueError("Expected `text`, got `other`")  # msgspec makes it an error of its own, with the place
    return kind(value)


def _complaint(hint: Any, value: Any, path: str, said: str, a_list: str) -> str:
    """In words: what is expected, and of the place that is wrong."""
    shown = repr(value) if len(repr(value)) <= _LONGEST else f"{repr(value)[:_LONGEST]}…"
    if hint == tuple[str, ...]:
        return f"{path} must be {'a list of words' if isinstance(value, list) else a_list}, not {shown}"
    match = _WRONG.match(said)
    if match is None:
        if said.startswith("Invalid enum value"):
            return f"{path} must be {' or '.join(map(repr, typing.get_args(hint)))}, not {shown}"
        return f"{path}: {said}"
    wanted = " or ".join(_WORDS.get(word, word) for word in match["wanted"].split(" | "))
    place = match["place"] or ""
    if match["key"]:
        return f"a key of {path}{_below(place)} must be {wanted}"
    if place.endswith("[...]"):
        return f"a value of {path}{_below(place[:-5])} must be {wanted}"
    return f"{path}{_below(place)} must be {wanted}" + ("" if place else f", not {shown}")


def _below(place: str) -> str:
    """msgspec's path as far as it names anything."""
    return place.partition("[...]")[0]
