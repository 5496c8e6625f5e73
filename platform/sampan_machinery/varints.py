"""Numbers as protobuf writes them: seven bits a byte, the lowest first."""

from __future__ import annotations

#: The numbers that take one byte: most tags, lengths and enumerations.
ONE_BYTE = [bytes([value]) for value in range(128)]


def varint(value: int) -> bytes:
    """A number that is not negative."""
    if value < 128:
        return ONE_BYTE[value]
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
