"""Request headers as proxies and authenticators read them: single values of a repeated one, and what may go on.

Pure functions over mappings with lower-case names. Source: RFC 9110 §7.6.1 (hop-by-hop), upstream's authentication
filter (which headers end at the API server).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

#: Of one connection.
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
#: What says who the caller is, to this server alone. The next one would take them for our word.
IDENTITY = frozenset({
    "authorization", "x-remote-user", "x-remote-uid", "x-remote-group", "impersonate-user", "impersonate-group",
    "impersonate-uid", "x-client-verify", "x-client-cert",
})  # fmt: skip
IDENTITY_STARTS = ("x-remote-extra-", "impersonate-extra-")
TOKEN_PROTOCOL = "base64url.bearer.authorization.k8s.io."  # a bearer token among the subprotocols of a WebSocket


def values(headers: Mapping[str, str], name: str) -> list[str]:
    """Each line of a header as one value, commas and all, as UTF-8; [] where it is absent.

    Our server's mapping knows the lines. WSGI servers of others only join them with commas: there the value is taken
    apart at commas, which one that holds a comma does not survive.
    """
    found = _lines(headers, name)
    if found is None:
        text = headers.get(name)
        found = [] if text is None else [text] if getattr(headers, "tells_lines", False) else text.split(",")
    return [as_utf8(line.strip()) for line in found]


def first(headers: Mapping[str, str], name: str) -> str:
    """The first line of a header that is no list, as UTF-8; "" where it is absent."""
    found = _lines(headers, name)
    return as_utf8((found[0] if found else headers.get(name, "")).strip())


def _lines(headers: Mapping[str, str], name: str) -> list[str] | None:
    ask = getattr(headers, "lines", None)
    found: list[str] | None = ask(name) if ask is not None else None
    return found


def is_identity(name: str) -> bool:
    return name in IDENTITY or name.startswith(IDENTITY_STARTS)


def without_token(protocols: str) -> str:
    """The subprotocols of a WebSocket without the bearer token that may stand among them."""
    kept = [one.strip() for one in protocols.split(",")]
    return ", ".join(one for one in kept if one and not one.startswith(TOKEN_PROTOCOL))


def passed_on(fields: Iterable[tuple[str, str]], connection: str) -> Iterator[tuple[str, str]]:
    """Those that are not of one connection alone; ``connection`` is what its Connection header names besides."""
    named = {one.strip().lower() for one in connection.split(",")}
    for name, value in fields:
        if name.lower() not in HOP_BY_HOP and name.lower() not in named:
            yield name, value


def as_utf8(text: str) -> str:
    """A field that is UTF-8 is read so, as Go's servers do; any other stays as it is (Latin-1, PEP 3333)."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
