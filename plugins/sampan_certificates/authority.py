"""The cluster's authority, as the signers use it: its files are read when a certificate is signed, so that a replaced
authority counts at once. Imports ``cryptography`` at the first request."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sampan_certificates.signers import Requested


def read(pem: bytes) -> Requested:
    from sampan_pki.requests import read_request

    return read_request(pem)


def end_of(pem: bytes) -> float | None:
    from sampan_pki import requests

    return requests.end_of(pem)


class ClusterAuthority:
    """The files ``ca.crt`` and ``ca.key`` of a directory."""

    def __init__(self, directory: Path) -> None:
        self._certificate, self._key = directory / "ca.crt", directory / "ca.key"

    def is_there(self) -> bool:
        return self._certificate.exists() and self._key.exists()

    def issue(self, pem: bytes, usages: Collection[str], begins: float, ends: float) -> bytes:
        """Raises ValueError."""
        from sampan_pki.issuing import Authority
        from sampan_pki.requests import read_request, sign

        authority = Authority(self._certificate.read_bytes(), self._key.read_bytes())
        return sign(authority, read_request(pem), usages, begins=begins, ends=ends)
