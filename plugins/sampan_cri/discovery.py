"""Which CRI runtime serves this machine. Imports no gRPC library: it is asked by processes that run no pods.

The one question it asks, whether CRI's Version is answered, it asks with HTTP/2 frames written by hand: an engine may
be there with its CRI service switched off (Docker's own package of containerd is installed so).
"""

from __future__ import annotations

import importlib.util
import os
import socket
import struct
from collections.abc import Iterable

from sampan.errors import ConfigError

VARIABLE = "CONTAINER_RUNTIME_ENDPOINT"  # as crictl reads it
#: Where containerd, CRI-O and cri-dockerd listen. Source: kubeadm's constants.
USUAL = ("/run/containerd/containerd.sock", "/var/run/crio/crio.sock", "/var/run/cri-dockerd.sock")
PATIENCE = 2.0  # seconds

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS, _END_HEADERS, _END_STREAM = 0, 1, 4, 4, 1
_LARGEST = 1 << 16  # bytes that are read of the answer


def path_of(endpoint: str, key: str = "plugins.cri.endpoint") -> str:
    """The path of ``unix:///path``, or of a path alone. Raises ConfigError."""
    path = endpoint.removeprefix("unix://")
    if not path.startswith("/"):
        raise ConfigError(f"{key}: {endpoint!r} must look like unix://{USUAL[0]}")
    return path


def found(usual: Iterable[str] = USUAL) -> str:
    """The socket to use where none is set: the variable's, else the first at which a runtime answers; "" for none."""
    if named := os.environ.get(VARIABLE):
        return path_of(named, VARIABLE)
    return next((path for path in usual if os.path.exists(path) and not refusal(path)), "")


def trouble() -> str:
    """Why no CRI runtime can be used, "" where one can."""
    if importlib.util.find_spec("grpc") is None:
        return "the library grpcio is not installed: pip install 'sampan[cri]'"
    path = found()
    return refusal(path) if path else f"no CRI runtime answers at {', '.join(USUAL)}"


def host_address() -> str:
    """The address at which pods reach this machine: that of its default route; "" where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: connecting a datagram socket only chooses a route
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def refusal(path: str) -> str:
    """Why the socket is no CRI runtime's, "" where it answers Version."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(path)
            probe.sendall(question())
            return "" if _is_answered(probe) else f"{path} answers, and not to CRI v1 (is its CRI plugin disabled?)"
        except OSError as error:
            return f"no CRI runtime answers at {path} ({error.strerror or error})"


def question() -> bytes:
    """A call of Version without arguments: a gRPC request as RFC 9113 frames, its headers as RFC 7541 literals."""
    pairs = (
        (":method", "POST"), (":scheme", "http"), (":path", "/runtime.v1.RuntimeService/Version"),
        (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers"),
    )  # fmt: skip
    block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in pairs)
    return (
        _PREFACE + _frame(_SETTINGS, 0, 0, b"") + _frame(_HEADERS, _END_HEADERS, 1, block)
        + _frame(_DATA, _END_STREAM, 1, bytes(5))
    )  # fmt: skip


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def _is_answered(probe: socket.socket) -> bool:
    """Whether a message comes before the stream ends: a method that is not there has headers alone."""
    data = b""
    while len(data) < _LARGEST:
        while len(data) >= 9 and len(data) >= 9 + (size := int.from_bytes(data[:3], "big")):
            kind, flags, stream = struct.unpack_from("!BBI", data, 3)
            if stream == 1 and kind == _DATA:
                return True
            if stream == 1 and kind == _HEADERS and flags & _END_STREAM:
                return False
            data = data[9 + size :]
        more = probe.recv(4096)
        if not more:
            return False
        data += more
    return False
