"""Texts. Source: cel-go ext, "Strings". Positions count code points."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_cel import types
from sampan_cel.declarations import TRAVERSAL, Library, function, member, text_cost, twice_cost, walk_cost
from sampan_cel.errors import CelError
from sampan_cel.standard import text_of
from sampan_cel.types import DYN, INT, STRING, Type
from sampan_cel.values import Duration, Timestamp, Uint, double_text, is_number, type_of, unkeyed

LIST = types.list_of(STRING)
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
#: White space as Go's unicode.IsSpace has it.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def _out_of_range(place: int) -> CelError:
    return CelError(f"index out of range: {place}")


def _char_at(text: str, place: int) -> str:
    if not 0 <= place <= len(text):
        raise _out_of_range(place)
    return text[place : place + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if not part:
        return start
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    return text.find(part, start)


def _last_index_of(text: str, part: str, last: int | None = None) -> int:
    if last is not None and not 0 <= last <= len(text):
        raise _out_of_range(last)
    if not part:
        return len(text) if last is None else last
    return text.rfind(part, 0, None if last is None else last + len(part))


def _replaced(text: str, old: str, new: str, most: int = -1) -> str:
    return text.replace(old, new, most)


def _split(text: str, separator: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if separator:
        return text.split(separator, most - 1 if most > 0 else -1)
    if most < 0 or most >= len(text):
        return list(text)
    return [*text[: most - 1], text[most - 1 :]]


def _substring(text: str, start: int, end: int | None = None) -> str:
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    if end is None:
        return text[start:]
    if not 0 <= end <= len(text):
        raise _out_of_range(end)
    if start > end:
        raise CelError(f"invalid substring range. start: {start}, end: {end}")
    return text[start:end]


def _joined(items: Sequence[str], separator: str = "") -> str:
    return separator.join(items)


def _join_cost(items: Sequence[str], separator: str = "") -> int:
    length = sum(map(len, items)) + len(separator) * max(len(items) - 1, 0)
    return math.ceil(length * 2 * TRAVERSAL)


_QUOTED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\",
           '"': '\\"'}  # fmt: skip


def _quoted(text: str) -> str:
    return '"' + "".join(_QUOTED.get(letter, letter) for letter in text) + '"'


# format

_CLAUSE = re.compile(r"%(?:%|(?:\.(\d+))?(.))", re.DOTALL)


def _formatted(form: str, args: Sequence[Any]) -> str:
    found: list[str] = []
    at = used = 0
    for match in _CLAUSE.finditer(form):
        found.append(form[at : match.start()])
        at = match.end()
        if match.group() == "%%":
            found.append("%")
            continue
        precision, letter = match.groups()
        clause = _CLAUSES.get(letter)
        if clause is None:
            raise CelError(f'could not parse formatting clause: unrecognized formatting clause "{letter}"')
        if used >= len(args):
            raise CelError(f"index {used} out of range")
        found.append(clause(args[used], precision))
        used += 1
    rest = form[at:]
    if "%" in rest:
        raise CelError("could not parse formatting clause: unexpected end of string")
    return "".join([*found, rest])


def _wrong(words: str, value: Any) -> CelError:
    return CelError(f"error during formatting: {words}, was given {type_of(value).name}")


def _special(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return ""


def _as_text(value: Any, precision: str | None = None) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        return _special(value) or double_text(value)
    if isinstance(value, Type):
        return value.name
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_as_text, value))}]"
    if isinstance(value, Mapping):
        shown = sorted((_as_text(unkeyed(key)), _as_text(each)) for key, each in value.items())
        return "{" + ", ".join(f"{key}: {each}" for key, each in shown) + "}"
    if isinstance(value, (str, bytes, bool, int, Timestamp, Duration)):
        return text_of(value)
    raise _wrong("string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
                 "durations, and timestamps", value)  # fmt: skip


def _decimal(value: Any, precision: str | None) -> str:
    if special := _special(value):
        return special
    if type(value) not in (int, Uint):
        raise _wrong("decimal clause can only be used on integers", value)
    return str(int(value))


def _real(letter: str, words: str) -> Callable[[Any, str | None], str]:
    def real(value: Any, precision: str | None) -> str:
        if special := _special(value):
            return special
        if not is_number(value):
            raise _wrong(f"{words} clause can only be used on doubles", value)
        return f"{float(value):.{precision or 6}{letter}}"

    return real


def _binary(value: Any, precision: str | None) -> str:
    if not isinstance(value, int):
        raise _wrong("only integers and bools can be formatted as binary", value)
    return f"{int(value):b}"


def _octal(value: Any, precision: str | None) -> str:
    if type(value) not in (int, Uint):
        raise _wrong("octal clause can only be used on integers", value)
    return f"{int(value):o}"


def _hexadecimal(value: Any, precision: str | None) -> str:
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytes):
        return value.hex()
    if type(value) not in (int, Uint):
        raise _wrong("only integers, byte buffers, and strings can be formatted as hex", value)
    return f"{int(value):x}"


_CLAUSES: Mapping[str, Callable[[Any, str | None], str]] = {
    "s": _as_text, "d": _decimal, "f": _real("f", "fixed-point"), "e": _real("e", "scientific"), "b": _binary,
    "o": _octal, "x": _hexadecimal, "X": lambda value, precision: _hexadecimal(value, precision).upper(),
}  # fmt: skip

STRINGS = Library("strings", {
    "charAt": [member((STRING, INT), STRING, _char_at)],
    "indexOf": [
        member((STRING, STRING), INT, _index_of, walk_cost), member((STRING, STRING, INT), INT, _index_of, walk_cost),
    ],
    "lastIndexOf": [
        member((STRING, STRING), INT, _last_index_of, walk_cost),
        member((STRING, STRING, INT), INT, _last_index_of, walk_cost),
    ],
    "lowerAscii": [member((STRING,), STRING, lambda text: text.translate(_LOWER), text_cost)],
    "upperAscii": [member((STRING,), STRING, lambda text: text.translate(_UPPER), text_cost)],
    "replace": [
        member((STRING, STRING, STRING), STRING, _replaced, twice_cost),
        member((STRING, STRING, STRING, INT), STRING, _replaced, twice_cost),
    ],
    "split": [
        member((STRING, STRING), LIST, _split, twice_cost), member((STRING, STRING, INT), LIST, _split, twice_cost),
    ],
    "substring": [
        member((STRING, INT), STRING, _substring, text_cost), member((STRING, INT, INT), STRING, _substring, text_cost),
    ],
    "trim": [member((STRING,), STRING, lambda text: text.strip(_SPACE), text_cost)],
    "join": [member((LIST,), STRING, _joined, _join_cost), member((LIST, STRING), STRING, _joined, _join_cost)],
    "reverse": [member((STRING,), STRING, lambda text: text[::-1], text_cost)],
    "strings.quote": [function((STRING,), STRING, _quoted, text_cost)],
    "format": [member((STRING, types.list_of(DYN)), STRING, _formatted, text_cost)],
})  # fmt: skip
