"""SCTP by hand, for kernels that pass it on but have no sockets of it: the first packet of a connection.

Source: RFC 9260, 3.3.2 (INIT) and appendix A (CRC32c).
"""

from __future__ import annotations

import socket
import struct

PROTOCOL = 132


def opened() -> socket.socket:
    """A raw socket that sends and sees the SCTP packets of its namespace. Needs root."""
    found = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL)
    found.settimeout(30)
    return found


def init(source: int, target: int) -> bytes:
    """An INIT between two ports."""
    ports = struct.pack("!HHI", source, target, 0)
    chunk = struct.pack("!BBHIIHHI", 1, 0, 20, 0x1234, 65536, 1, 1, 1)
    return ports + struct.pack("<I", _crc(ports + bytes(4) + chunk)) + chunk


def ports(packet: bytes) -> tuple[int, int]:
    """(source, target) of a packet as a raw socket gives it, with its IPv4 head."""
    start = (packet[0] & 15) * 4
    source, target = struct.unpack("!HH", packet[start : start + 4])
    return source, target


def _crc(data: bytes) -> int:
    found = 0xFFFFFFFF
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0x82F63B78 if found & 1 else 0)
    return found ^ 0xFFFFFFFF
