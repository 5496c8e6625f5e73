"""Values sealed by AES-GCM with 256-bit keys. The key in the store is authenticated with the value: a value that was
copied to another key of the store cannot be opened there.

A nonce is 96 random bits, so one key is good for 2^32 values; rotate long before that.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sampan.contracts.store import Unusable
from sampan_pki.key_file import KeyFile

_NONCE = 12


class Cipher(Protocol):
    """One way of sealing values. ``mark`` begins all that it has sealed."""

    mark: bytes

    def current(self) -> str: ...

    def seal(self, key: str, value: bytes) -> bytes: ...

    def open(self, key: str, sealed: bytes) -> bytes: ...

    def tag(self, sealed: bytes) -> str: ...

    def opens(self, sealed: bytes) -> bool:
        """Whether it has sealed this value, as far as its beginning says."""


@lru_cache(64)
def _aead(secret: bytes) -> AESGCM:
    return AESGCM(secret)


def seal(secret: bytes, key: str, value: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + _aead(secret).encrypt(nonce, value, key.encode())


def open_sealed(secret: bytes, key: str, sealed: bytes) -> bytes:
    try:
        return _aead(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], key.encode())
    except (InvalidTag, ValueError):
        raise Unusable(f"the value of {key} cannot be decrypted: it was changed, or copied from another key") from None


class FileCipher:
    """Seals by the current key of the key file; without a file, or a current key, it seals nothing."""

    mark = b"sampan:aesgcm:v1:"

    def __init__(self, file: KeyFile) -> None:
        self._file = file

    def current(self) -> str:
        key = self._file.keys().current
        return key.name if key else ""

    def seal(self, key: str, value: bytes) -> bytes:
        current = self._file.keys().current
        if current is None:
            return value
        return self.mark + current.name.encode() + b":" + seal(current.secret, key, value)

    def open(self, key: str, sealed: bytes) -> bytes:
        name = self.tag(sealed)
        found = self._file.keys().named(name)
        if found is None:
            raise Unusable(
                f"the value of {key} is encrypted by {name}, which is not in {self._file.path}: copy that file from "
                "another API server of this store, or from a backup"
            )
        return open_sealed(found.secret, key, sealed[len(self.mark) + len(name) + 1 :])

    def opens(self, sealed: bytes) -> bool:
        return sealed.startswith(self.mark)

    def tag(self, sealed: bytes) -> str:
        return sealed[len(self.mark) : sealed.find(b":", len(self.mark))].decode("ascii", "replace")
