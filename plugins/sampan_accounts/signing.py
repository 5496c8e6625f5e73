"""Signing service-account tokens with the cluster's key. Knows claims only as a dict.

``jwt`` and ``cryptography`` are imported at the first token. Source: RFC 7519; the key's id is the SHA-256 of its
public half, as sampan_auth computes it for the key set others check tokens with.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from pathlib import Path
from typing import Any

from sampan.errors import ServiceUnavailable


class Signer:
    """Signs with the private key in a PEM file, read when first needed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._loaded: tuple[Any, str, str] | None = None  # key, algorithm, id

    def sign(self, claims: dict[str, Any]) -> str:
        """The compact JWT; raises ServiceUnavailable where the cluster has no key."""
        import jwt

        key, algorithm, key_id = self._key()
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": key_id})

    def _key(self) -> tuple[Any, str, str]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, str, str]:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        try:
            key = serialization.load_pem_private_key(self._file.read_bytes(), password=None)
        except OSError as error:
            raise ServiceUnavailable(f"no key to sign tokens with: {error}") from error
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        key_id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
        return key, "RS256" if isinstance(key, RSAPrivateKey) else "ES256", key_id
