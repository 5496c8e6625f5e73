"""Reads the fields of a certificate that a start needs, without the 40 ms for importing ``cryptography``.

Trusts the files of the home directory: signatures are not verified. Code that authenticates callers must use
``cryptography``.
Source: RFC 5280 §4.1 (the order of TBSCertificate), X.690 (DER lengths).
"""

from __future__ import annotations

import binascii
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple


class Unreadable(ValueError):
    """The file holds no certificate or key in PEM."""


class Seen(NamedTuple):
    """The fields of a certificate that decide whether it can still be used."""

    der: bytes
    issuer: bytes  # the whole Name, DER
    subject: bytes
    not_after: float  # seconds since the epoch
    public_key: bytes  # the bits of SubjectPublicKeyInfo's key; for EC the point


def pem(path: Path) -> bytes:
    """The first PEM block's bytes; raises Unreadable or OSError."""
    lines = path.read_text("ascii", errors="replace").strip().splitlines()
    if len(lines) < 3 or not lines[0].startswith("-----BEGIN "):
        raise Unreadable(f"{path} holds no PEM")
    end = next((at for at, line in enumerate(lines) if line.startswith("-----END ")), len(lines))
    try:
        return binascii.a2b_base64("".join(lines[1:end]))
    except ValueError as error:
        raise Unreadable(f"{path} holds broken PEM") from error


def certificate(path: Path) -> Seen:
    """The fields of the certificate in this file; raises Unreadable or OSError."""
    der = pem(path)
    try:
        return _certificate(der)
    except (IndexError, ValueError) as error:
        raise Unreadable(f"{path} holds no certificate") from error


def _certificate(der: bytes) -> Seen:
    body = _parts(_content(_content(der)))  # Certificate, then TBSCertificate
    if body[0][0] == 0xA0:  # the optional version
        body = body[1:]
    _serial, _algorithm, issuer, validity, subject, key = body[:6]
    not_after = _parts(_content(validity))[1]
    return Seen(der, issuer, subject, _time(not_after), _content(_parts(_content(key))[1])[1:])


def _header(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the content of the value that starts at ``at``."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2, at + 2 + length
    size = length & 0x7F
    start = at + 2 + size
    return start, start + int.from_bytes(data[at + 2 : start], "big")


def _content(value: bytes) -> bytes:
    start, end = _header(value, 0)
    return value[start:end]


def _parts(data: bytes) -> list[bytes]:
    """The consecutive values, each with its header."""
    parts, at = [], 0
    while at < len(data):
        _start, end = _header(data, at)
        parts.append(data[at:end])
        at = end
    return parts


def _time(value: bytes) -> float:
    text = _content(value).decode("ascii")
    form = "%y%m%d%H%M%SZ" if value[0] == 0x17 else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
