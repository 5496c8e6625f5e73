"""The one-value types with rules of their own: quantities, int-or-string, times, base64.

Each function takes what JSON gave and returns what is kept, or raises ValueError worded as upstream words it.
Source: apimachinery api/resource, util/intstr, meta/v1 Time; RFC 3339; RFC 4648. Knows nothing of fields and kinds.
"""

from __future__ import annotations

import binascii
import re
from typing import Any

from sampan.errors import BadRequest
from sampan_machinery import quantities
from sampan_machinery.schema import moments

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
_LARGEST_BYTE = 255
_BASE64_START = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]*)", re.ASCII)
_CANONICAL_TIME = re.compile(
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{6})?Z"
)


class WrongType(ValueError):
    """The value is of a JSON type that the field cannot hold; ``expected`` is the Go type."""

    def __init__(self, value: Any, expected: str) -> None:
        super().__init__(f"json: cannot unmarshal {json_type(value)} into Go value of type {expected}")


def json_type(value: Any) -> str:
    """What Go calls the JSON type of a value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    return "null" if value is None else "number"


def quantity(value: Any) -> str:
    """A quantity in its canonical text, as Go writes it back: 1000m is 1, 0.5 is 500m. Null in a map is 0."""
    if value is None:
        return "0"
    try:
        return quantities.canonical(value.strip() if isinstance(value, str) else value)
    except BadRequest as error:
        raise ValueError(error.message) from None


def int_or_string(value: Any) -> int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType(value, "int32")
    if not INT32[0] <= value <= INT32[1]:
        raise ValueError(f"json: cannot unmarshal number {value} into Go value of type int32")
    return value


def time(value: Any) -> str:
    """RFC 3339 in UTC, whole seconds."""
    if not isinstance(value, str):
        raise WrongType(value, "string")
    found = _CANONICAL_TIME.fullmatch(value)
    if found and not found.group(1):
        return value
    return moments.parse(value).isoformat(timespec="seconds") + "Z"


def microtime(value: Any) -> str:
    """RFC 3339 in UTC, six decimals."""
    if not isinstance(value, str):
        raise WrongType(value, "string")
    found = _CANONICAL_TIME.fullmatch(value)
    if found and found.group(1):
        return value
    return moments.parse(value, micro=True).isoformat(timespec="microseconds") + "Z"


def base64_text(value: Any) -> str:
    """Standard base64, padded; line breaks are dropped. Null in a map or list is empty. Go reads a list of small
    numbers as bytes, too."""
    if value is None:
        return ""
    if isinstance(value, list):
        return binascii.b2a_base64(bytes(map(_byte, value)), newline=False).decode()
    if not isinstance(value, str):
        raise WrongType(value, "[]byte")
    text = value.replace("\n", "").replace("\r", "") if "\n" in value or "\r" in value else value
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"illegal base64 data at input byte {_first_bad(text)}") from None
    return text


def _byte(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_BYTE:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"json: cannot unmarshal number {value} into Go value of type uint8")
    raise WrongType(value, "uint8")


def _first_bad(text: str) -> int:
    """Offset of the first invalid base64 byte: after the complete groups, a padded group, and further valid
    characters."""
    found = _BASE64_START.match(text)
    end = found.end() if found else 0
    return end - end % 4 if end == len(text) else end  # a group that is cut short is bad from its beginning
