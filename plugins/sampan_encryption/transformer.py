"""Which cipher seals values, and which one opens what is stored. Values that were stored in the clear are read as they
are."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.store import Unusable
from sampan_encryption.ciphers import Cipher

_CLEAR = b"{"  # an object as JSON


class Transformer:
    """Is a ValueTransformer. ``writer``: the cipher that seals, None where values are written in the clear."""

    def __init__(self, ciphers: Sequence[Cipher], writer: Cipher | None) -> None:
        self._ciphers = ciphers
        self._writer = writer

    def to_stored(self, key: str, value: bytes) -> bytes:
        return value if self._writer is None else self._writer.seal(key, value)

    def from_stored(self, key: str, stored: bytes) -> bytes:
        cipher = self._cipher(stored)
        if cipher is not None:
            return cipher.open(key, stored)
        if stored.startswith(_CLEAR):
            return stored
        raise Unusable(
            f"the value of {key} is encrypted in a way that is not known here; is the key provider of "
            "plugins.encryption.provider installed, and the store one of sampan's?"
        )

    def tag(self, stored: bytes) -> str:
        cipher = self._cipher(stored)
        return "" if cipher is None else cipher.tag(stored)

    def current(self, key: str = "") -> str:
        return "" if self._writer is None else self._writer.current()

    def _cipher(self, stored: bytes) -> Cipher | None:
        return next((cipher for cipher in self._ciphers if stored.startswith(cipher.mark)), None)
