"""The ``format`` of a string or number in a structural schema; unknown formats are ignored, as upstream does.

Source: apiextensions-apiserver's supported formats; RFC 3339, RFC 1123, RFC 4122, RFC 4648.
"""

from __future__ import annotations

import binascii
import datetime
import ipaddress
import re
from collections.abc import Callable
from typing import Any

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_HOSTNAME = re.compile(r"(?=.{1,253}$)[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*\.?")  # fmt: skip  # noqa: E501
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(r"[+-]?(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+", re.ASCII)


def fits(value: Any, name: str) -> bool:
    """Whether a value has that format; true for unknown formats and for values of other types."""
    if isinstance(value, str):
        check = _TEXTS.get(name)
        return check is None or check(value)
    if isinstance(value, int) and name in _BITS:
        return -(1 << (_BITS[name] - 1)) <= value < 1 << (_BITS[name] - 1)
    return True


def _parses(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _instant(text: str) -> None:
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    datetime.datetime.fromisoformat(text[:19].upper())


def _network(text: str) -> None:
    if "/" not in text:
        raise ValueError(text)
    ipaddress.ip_network(text, strict=False)


_BITS = {"int32": 32, "int64": 64}
_TEXTS: dict[str, Callable[[str], bool]] = {
    "byte": _parses(lambda text: binascii.a2b_base64(text, strict_mode=True)),
    "cidr": _parses(_network),
    "date": _parses(datetime.date.fromisoformat),
    "date-time": _parses(_instant),
    "datetime": _parses(_instant),
    "duration": lambda text: bool(_DURATION.fullmatch(text)),
    "hostname": lambda text: bool(_HOSTNAME.fullmatch(text)),
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "uuid": lambda text: bool(_UUID.fullmatch(text)),
}
