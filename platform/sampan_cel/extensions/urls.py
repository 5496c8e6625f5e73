"""URLs. Source: Kubernetes' CEL URL library."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit

from sampan_cel import types
from sampan_cel.declarations import Library, function, member, text_cost
from sampan_cel.errors import CelError
from sampan_cel.types import BOOL, STRING, Type

URL_TYPE = Type("kubernetes.URL")
_BAD = re.compile(r"[\x00-\x1f\x7f ]|%(?![0-9a-fA-F]{2})")


class Url:
    """An absolute URI, or an absolute path."""

    __slots__ = ("host", "hostname", "path", "port", "query", "scheme", "text")
    cel_type = URL_TYPE

    def __init__(self, text: str) -> None:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise _invalid(text) from None
        if _BAD.search(text) or not (parts.scheme or text.startswith("/")) or (parts.scheme and not parts.netloc):
            raise _invalid(text)
        self.text = text
        self.scheme, self.path, self.query = parts.scheme, parts.path, parts.query
        self.host = parts.netloc.rpartition("@")[2]
        self.hostname = re.sub(r":\d*$", "", self.host) if not self.host.endswith("]") else self.host
        self.hostname = self.hostname.removeprefix("[").removesuffix("]")
        self.port = "" if port is None else str(port)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def queries(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found


def _invalid(text: str) -> CelError:
    return CelError(f"URL parse error during conversion from string: parse {text!r}: invalid URI for request")


def _is_url(text: str) -> bool:
    try:
        Url(text)
    except CelError:
        return False
    return True


URLS = Library("url", {
    "url": [function((STRING,), URL_TYPE, Url, text_cost)], "isURL": [function((STRING,), BOOL, _is_url, text_cost)],
    "getScheme": [member((URL_TYPE,), STRING, lambda url: url.scheme)],
    "getHost": [member((URL_TYPE,), STRING, lambda url: url.host)],
    "getHostname": [member((URL_TYPE,), STRING, lambda url: url.hostname)],
    "getPort": [member((URL_TYPE,), STRING, lambda url: url.port)],
    "getEscapedPath": [member((URL_TYPE,), STRING, lambda url: quote(url.path, safe="/%:@!$&'()*+,;=~"))],
    "getQuery": [member((URL_TYPE,), types.map_of(STRING, types.list_of(STRING)), Url.queries)],
    "string": [function((URL_TYPE,), STRING, str)],
}, {"kubernetes.URL": URL_TYPE})  # fmt: skip
