"""NaCl's secretbox (XSalsa20 and Poly1305), for configurations that name it.

Written here because OpenSSL has no Salsa20, and a library of its own for one provider would have to be installed by
everybody who migrates. All blocks are computed at once, as lanes of big integers: about 0.3 ms for a Secret of 4 KiB.
Checked with NaCl's own vectors. New configurations should prefer aesgcm with rotated keys, or a KMS.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.poly1305 import Poly1305

NONCE = 24
_TAG = 16
_BLOCK = 64
_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
#: Columns, then rows: the quarters of a double round. Source: the Salsa20 specification.
_QUARTERS = (
    (0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
    (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14),
)  # fmt: skip


def encrypt(secret: bytes, nonce: bytes, message: bytes) -> bytes:
    """The nonce, the tag, and the message encrypted."""
    first, sealed = _crypt(secret, nonce, message)
    return nonce + Poly1305.generate_tag(first, sealed) + sealed


def decrypt(secret: bytes, box: bytes) -> bytes:
    """Raises ValueError for what was changed or is not by this key."""
    nonce, tag, sealed = box[:NONCE], box[NONCE : NONCE + _TAG], box[NONCE + _TAG :]
    if len(tag) < _TAG:
        raise ValueError("it is cut off")
    first, message = _crypt(secret, nonce, sealed)
    try:
        Poly1305.verify_tag(first, sealed, tag)
    except InvalidSignature:
        raise ValueError("its tag is wrong") from None
    return message


def _crypt(secret: bytes, nonce: bytes, data: bytes) -> tuple[bytes, bytes]:
    """The key of the tag, and the data encrypted or decrypted."""
    stream = _stream(_derived(secret, nonce[:16]), nonce[16:], 32 + len(data))
    mixed = int.from_bytes(data, "little") ^ int.from_bytes(stream[32:], "little")
    return stream[:32], mixed.to_bytes(len(data), "little")


def _derived(secret: bytes, nonce: bytes) -> bytes:
    """HSalsa20: the key for these 16 bytes of a nonce."""
    state = _state(secret, struct.unpack("<4I", nonce))
    _mix(state, 0xFFFFFFFF)
    return struct.pack("<8I", *(state[index] for index in (0, 5, 10, 15, 6, 7, 8, 9)))


def _stream(secret: bytes, nonce: bytes, size: int) -> bytes:
    """Salsa20: at least so many bytes. Each word of the state has a lane of 64 bits for every block."""
    blocks = -(-size // _BLOCK)
    ones = sum(1 << 64 * lane for lane in range(blocks))
    counters = sum(lane << 64 * lane for lane in range(blocks))
    state = [word * ones for word in _state(secret, (*struct.unpack("<2I", nonce), 0, 0))]
    state[8] = counters
    mixed, mask = list(state), 0xFFFFFFFF * ones
    _mix(mixed, mask)
    words = [((a + b) & mask).to_bytes(8 * blocks, "little") for a, b in zip(mixed, state, strict=True)]
    lanes = [struct.unpack(f"<{blocks}Q", each) for each in words]
    return struct.pack(f"<{16 * blocks}I", *(word for block in zip(*lanes, strict=True) for word in block))[:size]


def _state(secret: bytes, middle: Sequence[int]) -> list[int]:
    key = struct.unpack("<8I", secret)
    one, two, three, four = _CONSTANTS
    return [one, *key[:4], two, *middle, three, *key[4:], four]


def _mix(words: list[int], mask: int) -> None:
    """Twenty rounds, in place. Sums and rotations of one lane never reach the low half of another."""
    for _ in range(10):
        for a, b, c, d in _QUARTERS:
            for target, one, two, bits in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
                found = (words[one] + words[two]) & mask
                words[target] ^= ((found << bits) | (found >> (32 - bits))) & mask
