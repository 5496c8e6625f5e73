"""Checks of settings' values: each returns a message, or "" if the value is valid. Pure; knows no setting."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from typing import Any

from sampan_machinery import names
from sampan_machinery.addresses import is_address

Check = Callable[[Any], str]

_SIZE = re.compile(r"\d+[kKmMgG]?")


def require(record: object, **checks: Check) -> None:
    """For ``__post_init__`` of a plugin's settings: raises ValueError that begins with the setting's name."""
    for name, check in checks.items():
        if wrong := check(getattr(record, name)):
            raise ValueError(f"{name} {wrong}")


def number(low: float, high: float = math.inf) -> Check:
    limits = f"at least {low}" if high == math.inf else f"{low} to {high}"

    def check(value: float) -> str:
        return "" if low <= value <= high and math.isfinite(value) else f"must be {limits}, not {value}"

    return check


PORT = number(0, 65535)

_SPAN = re.compile(r"(\d{1,9})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> float:
    """Of 30s, 10m, 1h or 7d; 0 for anything else."""
    found = _SPAN.fullmatch(text)
    return float(int(found[1]) * _UNITS[found[2]]) if found else 0.0


def span(least: str, most: str) -> Check:
    """Times as ``seconds`` reads them."""

    def check(value: str) -> str:
        found = seconds(value)
        if found and seconds(least) <= found <= seconds(most):
            return ""
        return f"must be {least} to {most}, such as 30m, 1h or 7d, not {value!r}"

    return check


def one_of(*words: str) -> Check:
    return lambda value: "" if value in words else f"must be one of {', '.join(words)}, not {value!r}"


def matching(pattern: str, like: str) -> Check:
    """The whole value matches ``pattern``; ``like`` is an example for the message."""
    return lambda value: "" if re.fullmatch(pattern, value) else f"must look like {like}, not {value!r}"


def each(check: Check, *, least: int = 0) -> Check:
    """Each entry of a list passes ``check``, and none is repeated."""

    def check_all(values: tuple[str, ...]) -> str:
        if len(values) < least:
            return f"must have at least {least} entry"
        if len(set(values)) < len(values):
            return f"must not name one twice: {', '.join(values)}"
        return next((wrong for wrong in map(check, values) if wrong), "")

    return check_all


def optional(check: Check) -> Check:
    return lambda value: check(value) if value else ""


def not_empty(value: str) -> str:
    return "" if value and value == value.strip() and value.isprintable() else f"must be a word, not {value!r}"


def address(value: str) -> str:
    return "" if is_address(value) else f"must be an IP address, not {value!r}"


def host(value: str) -> str:
    """An IP address or a host name."""
    good = is_address(value) or not names.dns_subdomain(value.lower())
    return "" if good else f"must be an IP address or a host name, not {value!r}"


def certified(value: str) -> str:
    """A name for a certificate: as ``host``, optionally with ``*.`` before it."""
    return "" if not host(value.removeprefix("*.")) else f"must have IP addresses and host names, not {value!r}"


def endpoint(value: str) -> str:
    """HOST or HOST:PORT; IPv6 in brackets if a port follows."""
    if is_address(value):
        return ""
    place, colon, port = value.rpartition(":")
    if not colon:
        place, port = value, "1"
    good = port.isascii() and port.isdigit() and 0 < int(port) < 65536 and not host(place.strip("[]"))
    return "" if good else f"must look like 10.0.0.1 or 10.0.0.1:53, not {value!r}"


def listening(value: str) -> str:
    """HOST:PORT; the host may be empty for all addresses."""
    place, colon, port = value.rpartition(":")
    good = (
        colon and port.isascii() and port.isdigit() and int(port) < 65536 and (not place or not host(place.strip("[]")))
    )
    return "" if good else f"must look like 127.0.0.1:9090, not {value!r}"


def networks(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return f"must be an address or a network such as 10.0.0.0/8, not {value!r}"
    return ""


def url(*schemes: str) -> Check:
    def check(value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if separator and rest and scheme in schemes and not any(map(str.isspace, value)):
            return ""
        return f"must begin with {' or '.join(f'{each}://' for each in schemes)}, not {value!r}"

    return check


def subdomain(value: str) -> str:
    return "" if not names.dns_subdomain(value) else f"must be a DNS name in lower case, not {value!r}"


def namespaced(value: str) -> str:
    namespace, slash, name = value.partition("/")
    good = slash and not names.dns_label(namespace) and not names.dns_subdomain(name)
    return "" if good else f"must look like namespace/name, not {value!r}"


def size(value: str) -> str:
    return "" if _SIZE.fullmatch(value) else f"must look like 512k, 8m or 1g, not {value!r}"
