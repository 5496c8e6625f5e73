"""The upgrade of a request to SPDY/3.1, and the frames of the connection that it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import Message

from sampan.errors import BadRequest, Forbidden
from sampan_forwarding.spdy import (
    DICTIONARY,
    NAME,
    VERSIONS,
    Data,
    Event,
    Frames,
    GoAway,
    Opened,
    Ping,
    ProtocolError,
    Reset,
)
from sampan_node.streams.websocket import Handshake, listed

__all__ = ["DICTIONARY", "Data", "Event", "Frames", "GoAway", "Opened", "Ping", "ProtocolError", "Reset"]


def is_asked(headers: Mapping[str, str] | Message) -> bool:
    return NAME.lower() in (headers.get("Upgrade") or "").lower()


def accept(headers: Mapping[str, str] | Message, protocols: Sequence[str]) -> Handshake:
    """The answer to an upgrade to SPDY, with the first of the client's stream protocols that is spoken here.

    Raises BadRequest where the client names none, Forbidden where it names no known one, as upstream.
    """
    offered = listed(headers, VERSIONS)
    if not offered:
        raise BadRequest(f"unable to upgrade: the request has no header {VERSIONS}")
    protocol = next((one for one in offered if one in protocols), None)
    if protocol is None:
        raise Forbidden(
            f"unable to upgrade: unable to negotiate protocol: client supports {offered}, server accepts {protocols}"
        )
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", f"Upgrade: {NAME}", f"{VERSIONS}: {protocol}"]
    return Handshake(protocol, ("\r\n".join(lines) + "\r\n\r\n").encode())
