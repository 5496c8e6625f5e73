"""One question to a gRPC server: grpc.health.v1.Health/Check, over a minimal HTTP/2 conversation in the clear.

Only what this one call needs: headers are sent as literals without Huffman coding, and received ones are not looked
at, for the answer is in the data. Source: RFC 9113, RFC 7541 6.2.2, gRPC over HTTP2, GRPC Health Checking Protocol.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

from sampan import KUBERNETES_MINOR
from sampan_machinery.varints import varint

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK = END_STREAM = 1
END_HEADERS = 4
PADDED = 8
LARGEST_FRAME = 16384
STATUSES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}


class NoAnswer(OSError):
    """The server spoke, but did not answer the question."""


def check(address: tuple[str, int], service: str, timeout: float) -> str:
    """The service's status, a word of STATUSES. Raises OSError (TimeoutError, NoAnswer) where there is no answer."""
    deadline = time.monotonic() + timeout
    with socket.create_connection(address, timeout=timeout) as connection:
        connection.sendall(PREFACE + _frame(SETTINGS, 0, 0, b"") + _question(address, service))
        body = b""
        for kind, flags, stream, payload in _frames(connection, deadline):
            if kind == SETTINGS and not flags & ACK:
                connection.sendall(_frame(SETTINGS, ACK, 0, b""))
            elif kind == PING and not flags & ACK:
                connection.sendall(_frame(PING, ACK, 0, payload))
            elif kind == DATA and stream == 1:
                body += payload[1 : len(payload) - payload[0]] if flags & PADDED else payload
                if len(body) >= 5 and len(body) >= 5 + struct.unpack_from("!I", body, 1)[0]:
                    return _status(body[5 : 5 + struct.unpack_from("!I", body, 1)[0]])
            if kind in (RESET, GOAWAY) or (stream == 1 and flags & END_STREAM and kind in (DATA, HEADERS)):
                break
    raise NoAnswer("the server does not implement the grpc health protocol (grpc.health.v1.Health)")


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def _question(address: tuple[str, int], service: str) -> bytes:
    headers = {
        ":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check",
        ":authority": f"{address[0]}:{address[1]}", "content-type": "application/grpc", "te": "trailers",
        "user-agent": f"kube-probe/1.{KUBERNETES_MINOR}",
    }  # fmt: skip
    block = b"".join(b"\0" + _text(name.encode()) + _text(value.encode()) for name, value in headers.items())
    name = service.encode()
    message = b"\x0a" + varint(len(name)) + name if name else b""
    body = b"\0" + struct.pack("!I", len(message)) + message
    return _frame(HEADERS, END_HEADERS, 1, block) + _frame(DATA, END_STREAM, 1, body)


def _text(text: bytes) -> bytes:
    """A literal of HPACK: a length of 7 bits, continued where that is too small."""
    if len(text) < 127:
        return bytes([len(text)]) + text
    return b"\x7f" + varint(len(text) - 127) + text


def _frames(connection: socket.socket, deadline: float) -> Iterator[tuple[int, int, int, bytes]]:
    """(kind, flags, stream, payload) until the server closes."""
    while len(head := _exactly(connection, 9, deadline)) == 9:
        length = int.from_bytes(head[:3], "big")
        if length > LARGEST_FRAME:
            raise NoAnswer("the server does not speak HTTP/2")
        kind, flags, stream = struct.unpack("!BBI", head[3:])
        yield kind, flags, stream & 0x7FFFFFFF, _exactly(connection, length, deadline)


def _exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    data = b""
    while len(data) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(left)
        more = connection.recv(size - len(data))
        if not more:
            break
        data += more
    return data


def _status(message: bytes) -> str:
    """Of HealthCheckResponse: field 1, a varint; absent means UNKNOWN."""
    return STATUSES.get(message[1], "UNKNOWN") if message[:1] == b"\x08" and len(message) > 1 else "UNKNOWN"
