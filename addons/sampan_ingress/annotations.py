"""Reads an Ingress' annotations: checked values only, never a piece of configuration.

Each word is known under our own prefix and, where ingress-nginx has it, under its prefix too; ours goes first. An
unknown word under either prefix changes nothing, and that is said; a wrong value refuses the whole Ingress, for what it
should have restricted would otherwise be open.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sampan_ingress.model import LocationOptions

OURS = "ingress.sampan.dev/"
THEIRS = "nginx.ingress.kubernetes.io/"
PREFIXES = (OURS, THEIRS)
LONGEST_TIMEOUT = 86400
MOST_NETWORKS = 500

#: Words of ingress-nginx that keep clients out, or put raw configuration into the file, which may do so as well: they
#: are not understood here, and passing them over would let all in. The Ingress is refused.
GUARDS = ("auth-", "enable-modsecurity", "enable-owasp", "limit-rpm", "limit-rate", "modsecurity-", "satisfy")
SNIPPET = "-snippet"

_is_size = re.compile(r"(\d{1,12})([kKmMgG]?)").fullmatch
_is_target = re.compile(r"/(?:[A-Za-z0-9._~!'()*+,:@/-]|%[0-9A-Fa-f]{2}|\$[1-9])*").fullmatch
_is_url = re.compile(r"https?://[A-Za-z0-9._~:/?#@!&'()*+,;=%\[\]-]+").fullmatch
_is_host = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?").fullmatch
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30}
_WORDS = {"true": True, "false": False}


class BadAnnotation(ValueError):
    """An annotation's value that cannot be; says which and why."""


def _truth(text: str) -> bool:
    if text not in _WORDS:
        raise ValueError('must be "true" or "false"')
    return _WORDS[text]


def _on_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError('must be "on" or "off"')
    return text == "on"


def size(text: str) -> int:
    """``8m`` in bytes; raises ValueError."""
    found = _is_size(text)
    if not found:
        raise ValueError("must be a size such as 512k, 8m or 1g; 0 for any")
    return int(found[1]) << _UNITS[found[2].lower()]


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 0 < int(text) <= LONGEST_TIMEOUT):
        raise ValueError(f"must be a whole number of seconds, 1 to {LONGEST_TIMEOUT}")
    return int(text)


def _one_of(*known: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return text

    return check


def networks(text: str) -> tuple[str, ...]:
    """``10.0.0.0/8, 192.168.1.1`` as networks; raises ValueError."""
    try:
        found = tuple(str(ipaddress.ip_network(part.strip(), strict=False)) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"must be networks such as 10.0.0.0/8, separated by commas ({error})") from error
    if len(found) > MOST_NETWORKS:
        raise ValueError(f"must not name more than {MOST_NETWORKS} networks")
    return found


def _url(text: str) -> str:
    if len(text) > 1000 or not _is_url(text):
        raise ValueError("must be a URL that begins with http:// or https://")
    return text


def _host(text: str) -> str:
    if len(text) > 260 or not _is_host(text):
        raise ValueError("must be a host name")
    return text


def _path(text: str) -> str:
    if "$" in text:
        raise ValueError("must be a path")
    return _target(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0):
        raise ValueError("must be a whole number, 1 to 999999")
    return int(text)


def _target(text: str) -> str:
    if len(text) > 1000 or not _is_target(text):
        raise ValueError("must be a path, in which $1 to $9 stand for the groups of a regular expression")
    return text


#: word → (field of LocationOptions, reader)
READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "backend-protocol": ("protocol", _one_of("HTTP", "HTTPS", "GRPC", "GRPCS")),
    "ssl-redirect": ("ssl_redirect", _truth),
    "force-ssl-redirect": ("force_ssl_redirect", _truth),
    "proxy-body-size": ("body_size", size),
    "proxy-connect-timeout": ("connect_timeout", _seconds),
    "proxy-read-timeout": ("read_timeout", _seconds),
    "proxy-send-timeout": ("send_timeout", _seconds),
    "proxy-buffering": ("buffering", _on_off),
    "allowlist-source-range": ("allow", networks),
    "whitelist-source-range": ("allow", networks),  # its older name
    "denylist-source-range": ("deny", networks),
    "limit-rps": ("rate", _count),
    "limit-connections": ("connections", _count),
    "upstream-vhost": ("host", _host),
    "permanent-redirect": ("moved_to", _url),
    "temporal-redirect": ("found_at", _url),
    "app-root": ("app_root", _path),
    "rewrite-target": ("rewrite", _target),
    "use-regex": ("use_regex", _truth),
    "balance": ("balance", _one_of("round_robin", "least_conn", "client_ip")),
}


def read(annotations: Mapping[str, str], defaults: LocationOptions) -> LocationOptions:
    """The options asked for. Raises BadAnnotation."""
    for key, name in _ours(annotations):
        if name not in READERS and (name.startswith(GUARDS) or name.endswith(SNIPPET)):
            raise BadAnnotation(f"annotation {key} is not supported, and leaving it out could open what it guards")
    values: dict[str, Any] = {}
    for prefix in reversed(PREFIXES):  # the last one counts
        for name, (field, reader) in READERS.items():
            text = annotations.get(f"{prefix}{name}")
            if text is not None:
                try:
                    values[field] = reader(text)
                except ValueError as error:
                    raise BadAnnotation(f"annotation {prefix}{name} {error}, not {text[:100]!r}") from error
    return dataclasses.replace(defaults, **values)


def unknown(annotations: Mapping[str, str]) -> list[str]:
    """The annotations under our prefixes that have no effect."""
    return sorted(key for key, name in _ours(annotations) if name not in READERS)


def _ours(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The whole key and the word in it."""
    for key in annotations:
        for prefix in PREFIXES:
            if key.startswith(prefix):
                yield key, key.removeprefix(prefix)
