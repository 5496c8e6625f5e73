"""Encodes JSON values as YAML, for clients that request it: keys in order, quotes where needed.

Not the library's writer, which takes ten times as long; lists are long. Any YAML reader decodes the output to the same
value. Knows nothing of kinds.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
#: Strings that YAML 1.1 reads as another type if unquoted.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
#: Unescaped in JSON, but must be escaped in YAML.
_UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
LONGEST_KEY = 1000  # characters; YAML requires a "?" before longer ones
_quoted = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """The value as one document."""
    lines: list[str] = []
    if isinstance(value, dict | list) and value:
        _write(value, "", lines)
    else:
        lines.append(_scalar(value))
    return "\n".join([*lines, ""]).encode()


def _write(value: dict[str, Any] | list[Any], indent: str, lines: list[str]) -> None:
    if isinstance(value, dict):
        for name in sorted(value):
            key = _scalar(name)
            if len(key) > LONGEST_KEY:
                lines.append(f"{indent}? {key}")
                key = ""
            _entry(f"{indent}{key}:", value[name], indent, lines)
        return
    for each in value:
        if isinstance(each, dict | list) and each:
            start = len(lines)
            _write(each, indent + "  ", lines)
            lines[start] = f"{indent}- {lines[start][len(indent) + 2 :]}"
        else:
            lines.append(f"{indent}- {_scalar(each)}")


def _entry(head: str, value: Any, indent: str, lines: list[str]) -> None:
    if isinstance(value, dict | list) and value:
        lines.append(head)
        _write(value, indent if isinstance(value, list) else indent + "  ", lines)
    else:
        lines.append(f"{head} {_scalar(value)}")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", _quoted(value).decode())
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return _quoted(value).decode()  # numbers, {} and []
