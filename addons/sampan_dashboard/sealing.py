"""Sealed text: what a browser keeps for the dashboard, and can neither read nor change. Knows nothing of HTTP.

AES-256-GCM with random nonces (NIST SP 800-38D). ``cryptography`` is imported with the first key: without
``session_key_file`` it would only cost memory.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from sampan.errors import ConfigError

LEAST = 32  # characters of a key; a shorter one can be guessed
NONCE = 12  # bytes


class Sealer:
    """The first key seals, all of them open: a key is replaced by putting another before it."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError for none, and for one that is too short."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not keys or min(map(len, keys)) < LEAST:
            raise ValueError(f"a key has at least {LEAST} characters, e.g. of `openssl rand -base64 32`")
        self._ciphers = [AESGCM(hashlib.sha256(b"sampan_dashboard " + key.encode()).digest()) for key in keys]

    def seal(self, purpose: str, data: bytes) -> str:
        """ASCII that fits a cookie. What is sealed for one purpose opens for no other."""
        nonce = os.urandom(NONCE)
        sealed = nonce + self._ciphers[0].encrypt(nonce, data, purpose.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, purpose: str, text: str) -> bytes | None:
        """None for what none of the keys has sealed for this purpose."""
        from cryptography.exceptions import InvalidTag

        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            return None
        for cipher in self._ciphers:
            try:
                return bytes(cipher.decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode()))
            except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
                continue
        return None


def sealer_of(path: str) -> Sealer | None:
    """With the keys of a file, one a line; None for "". Raises ConfigError."""
    if not path:
        return None
    try:
        lines = Path(path).read_text().split("\n")
        return Sealer([line.strip() for line in lines if line.strip()])
    except (OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        raise ConfigError(f"plugins.dashboard.session_key_file {path}: {error}") from error
