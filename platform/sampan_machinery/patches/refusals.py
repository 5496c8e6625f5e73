"""The error for a patch whose result is not a valid object of the kind: 422 with the field ``patch``, as upstream.

Knows messages and JSON values; applies no patch. Source: apiserver endpoints/handlers/patch (wording only).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sampan.errors import BadRequest, Cause, Invalid

#: Characters of the patch or object that the message shows.
SHOWN = 4096
_LEAD = re.compile(r'\w+ in version "[^"]*" cannot be handled as a \w+: ')


def unreadable(how: str, change: Any, patched: Any, why: BadRequest | str) -> Invalid:
    """The error for a patch whose result does not fit the kind. For a strategic patch it shows ``change``."""
    text = why if isinstance(why, str) else _LEAD.sub("", why.message, count=1)
    value = go_text(change) if how == "strategic" else msgspec.json.encode(patched).decode("utf-8", "replace")
    shown = msgspec.json.encode(value if len(value) <= SHOWN else value[:SHOWN] + " ...").decode()
    message = f"Invalid value: {shown}: {text}"
    return Invalid(f' "" is invalid: patch: {message}', causes=(Cause("FieldValueInvalid", message, "patch"),))


def go_text(value: Any) -> str:
    """A JSON value as Go prints it: map[spec:map[replicas:2.5]]."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{go_text(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def whole(value: Any) -> Any:
    """A strategic patch with integers in place of whole floats such as 2.0: Go accepts them, and some clients send
    them."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else value
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return value
