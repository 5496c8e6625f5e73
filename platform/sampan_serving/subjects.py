"""Whom a client's certificate names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Subject(NamedTuple):
    """Names (CN) and organizations (O) of a certificate; Kubernetes reads them as user and groups."""

    names: frozenset[str]
    organizations: frozenset[str]


def subject_of(certificate: Mapping[str, Any] | None) -> Subject:
    """Of a verified certificate as ``getpeercert()`` gives it; both sets are empty where there is none."""
    pairs = [pair for part in (certificate or {}).get("subject", ()) for pair in part]
    names, organizations = (
        frozenset(value for key, value in pairs if key == wanted) for wanted in ("commonName", "organizationName")
    )
    return Subject(names, organizations)
