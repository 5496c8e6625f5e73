"""The server's side of a WebSocket in bytes: the opening handshake and frames to send. Source: RFC 6455."""

from __future__ import annotations

import base64
import hashlib
import struct

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
TEXT, BINARY, CLOSE = 1, 2, 8  # opcodes, section 5.2
#: The frame that says that all has been said: code 1000.
NORMAL_CLOSE = b"\x88\x02\x03\xe8"


def accept_value(key: str) -> str:
    """What Sec-WebSocket-Accept answers to a Sec-WebSocket-Key. Section 4.2.2."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


def message(data: bytes, opcode: int = TEXT) -> bytes:
    """A whole message in one frame, unmasked as a server's are. Section 5.2."""
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    return head + data
