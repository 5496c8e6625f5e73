"""Request headers for proxies and authenticators: values of repeated headers, and which headers may be forwarded.

Pure functions over mappings with lower-case names. Source: RFC 9110 §7.6.1 (hop-by-hop), upstream's authentication
filter (which headers end at the API server).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

#: Hop-by-hop headers.
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
#: Headers that authenticate the caller to this server. They are not forwarded: the next server would trust them.
IDENTITY = frozenset({
    "authorization", "x-remote-user", "x-remote-uid", "x-remote-group", "impersonate-user", "impersonate-group",
    "impersonate-uid", "x-client-verify", "x-client-cert",
})  # fmt: skip
IDENTITY_STARTS = ("x-remote-extra-", "impersonate-extra-")
TOKEN_PROTOCOL = "base64url.bearer.authorization.k8s.io."  # a bearer token among the subprotocols of a WebSocket


def values(headers: Mapping[str, str], name: str) -> list[str]:
    """Each line of a header as one value, including commas, as UTF-8; [] if it is absent.

    The mapping of sampan_http keeps the lines. Other WSGI servers join them with commas: there the value is split at
    commas, so a value that contains a comma is broken.
    """
    found = _lines(headers, name)
    if found is None:
        text = headers.get(name)
        found = [] if text is None else [text] if getattr(headers, "tells_lines", False) else text.split(",")
    return [as_utf8(line.strip()) for line in found]


def first(headers: Mapping[str, str], name: str) -> str:
    """The first line of a header that is not a list, as UTF-8; "" if it is absent."""
    found = _lines(headers, name)
    return as_utf8((found[0] if found else headers.get(name, "")).strip())


def _lines(headers: Mapping[str, str], name: str) -> list[str] | None:
    ask = getattr(headers, "lines", None)
    found: list[str] | None = ask(name) if ask is not None else None
    return found


def is_identity(name: str) -> bool:
    return name in IDENTITY or name.startswith(IDENTITY_STARTS)


def without_token(protocols: str) -> str:
    """The subprotocols of a WebSocket without a bearer token among them."""
    kept = [one.strip() for one in protocols.split(",")]
    return ", ".join(one for one in kept if one and not one.startswith(TOKEN_PROTOCOL))


def passed_on(fields: Iterable[tuple[str, str]], connection: str) -> Iterator[tuple[str, str]]:
    """The headers that are not hop-by-hop; ``connection`` is the Connection header, which names further ones."""
    named = {one.strip().lower() for one in connection.split(",")}
    for name, value in fields:
        if name.lower() not in HOP_BY_HOP and name.lower() not in named:
            yield name, value


def as_utf8(text: str) -> str:
    """The text decoded as UTF-8, as Go's servers do; unchanged (Latin-1, PEP 3333) if it is not UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
