"""Paths and hosts as requests have them: decoded, compared element by element. Source: the Ingress API's pathType."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from sampan_ingress.model import Match

_CLIMBS = re.compile(r"(?:^|/)\.{1,2}(?:/|$)").search


class BadPath(ValueError):
    """A path that no request can match, or that cannot be told to nginx; says why."""


def read_path(path: str, kind: str, *, regex: bool) -> tuple[Match, str]:
    """How to match, and the decoded text. Raises BadPath.

    nginx compares the decoded, normalized path of a request, so what is compared with it has to be decoded too.
    """
    if kind == "ImplementationSpecific" and regex:
        return Match.REGEX, _pattern(path)
    text = _decoded(path or "/")
    if not text.startswith("/"):
        raise BadPath(f"path {path!r} does not begin with /")
    if "//" in text or _CLIMBS(text):
        raise BadPath(f"path {path!r} is not what any request has after its dots and double slashes are resolved")
    if kind == "Exact":
        return Match.EXACT, text
    return Match.PREFIX, text.rstrip("/")


def _decoded(path: str) -> str:
    try:
        text = unquote_to_bytes(path).decode()
    except UnicodeError as error:
        raise BadPath(f"path {path!r} is not UTF-8 once decoded") from error
    if any(char < " " or char == "\x7f" for char in text):
        raise BadPath(f"path {path!r} holds a control character")
    return text


def _pattern(path: str) -> str:
    if len(path) > 500:
        raise BadPath("a path that is a regular expression has 500 characters at most")
    try:
        re.compile(path)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPath(f"path {path[:100]!r} is no regular expression: {error}") from error
    if any(char < " " or char == "\x7f" for char in path):
        raise BadPath("a path holds a control character")
    return path


def covers(pattern: str, host: str) -> bool:
    """Whether a host of a TLS section (``*.example.com`` stands for one label) is for this host of a rule."""
    if pattern == host:
        return True
    return pattern.startswith("*.") and not host.startswith("*.") and host.partition(".")[2] == pattern[2:]
