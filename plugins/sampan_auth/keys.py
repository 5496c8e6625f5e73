"""The public keys that service-account tokens are checked with.

``jwt`` and ``cryptography`` are imported at the first token, not at the start: together they cost some 60 ms.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from pathlib import Path
from typing import Any, NamedTuple


class PublicKey(NamedTuple):
    """One key: its id as tokens name it, its algorithm, the key itself."""

    id: str
    algorithm: str  # ES256, RS256
    key: Any


class Keys:
    """Public keys in PEM, read when first asked for."""

    def __init__(self, *files: Path) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._loaded: list[PublicKey] | None = None

    def all(self) -> list[PublicKey]:
        with self._lock:
            if self._loaded is None:
                self._loaded = [_load(file.read_bytes()) for file in self._files if file.exists()]
            return self._loaded

    def find(self, key_id: str | None) -> PublicKey | None:
        """The key that a token names; the first one where the token names none or an unknown one."""
        keys = self.all()
        return next((key for key in keys if key.id == key_id), keys[0] if keys else None)

    def jwks(self) -> dict[str, Any]:
        """The keys as a JSON Web Key Set. Source: RFC 7517."""
        from jwt.algorithms import get_default_algorithms

        algorithms = get_default_algorithms()
        return {
            "keys": [
                {
                    "use": "sig",
                    "alg": key.algorithm,
                    "kid": key.id,
                    **algorithms[key.algorithm].to_jwk(key.key, as_dict=True),
                }
                for key in self.all()
            ]
        }


def _load(pem: bytes) -> PublicKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = serialization.load_pem_public_key(pem)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    name = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    return PublicKey(name, "RS256" if isinstance(key, RSAPublicKey) else "ES256", key)
