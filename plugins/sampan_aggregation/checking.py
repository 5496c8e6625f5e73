"""Asks an extension server whether it answers, and for its discovery document. One check with a deadline; keeps no
state."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sampan.contracts.access import User
from sampan_aggregation import discovery
from sampan_aggregation.conditions import PASSED, Availability
from sampan_aggregation.connecting import identity

CHECKER = User("system:kube-aggregator", ("system:masters",))
SECONDS = 5.0  # as upstream
LARGEST = 8 << 20  # bytes of a discovery document


@dataclass(frozen=True)
class CheckResult:
    """The result of one check."""

    verdict: Availability
    resources: tuple[Mapping[str, Any], ...] | None = None
    openapi: str = ""


def look(group: str, version: str, host: str, dial: Callable[[], ssl.SSLSocket]) -> CheckResult:
    """Ask for the discovery document of that group version, and which OpenAPI documents there are."""
    path = f"/apis/{group}/{version}"
    url = f"https://{host}{path}"
    try:
        status, body = fetch(dial, host, path)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return CheckResult(_failed(f"failing or missing response from {url}: {error or type(error).__name__}"))
    if not 200 <= status < 300:
        return CheckResult(_failed(f"failing or missing response from {url}: bad status from {url}: {status}"))
    try:
        found = tuple(discovery.resources(json.loads(body), group, version))
    except (ValueError, RecursionError) as error:
        return CheckResult(_failed(f"failing or missing response from {url}: {error}"))
    return CheckResult(PASSED, found, _openapi(host, path, dial))


def _openapi(host: str, path: str, dial: Callable[[], ssl.SSLSocket]) -> str:
    """The hash the server names for its own document, "" where it names none, which is usual."""
    try:
        status, body = fetch(dial, host, "/openapi/v3")
        entry = json.loads(body)["paths"][path.lstrip("/")]["serverRelativeURL"] if status == 200 else ""
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return hashlib.sha256(str(entry).encode()).hexdigest()[:32].upper() if entry else ""


def definitions_of(host: str, dial: Callable[[], ssl.SSLSocket]) -> bytes | None:
    """Its OpenAPI v2 document; b"" where it has none, None where it does not answer."""
    try:
        status, body = fetch(dial, host, "/openapi/v2")
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return body if status == 200 else b"" if 400 <= status < 500 else None


def fetch(dial: Callable[[], ssl.SSLSocket], host: str, path: str) -> tuple[int, bytes]:
    """(status, body) of a GET as the aggregator; raises OSError, HTTPException or ValueError."""
    until = time.monotonic() + SECONDS
    sock = dial()
    try:
        sock.settimeout(SECONDS)
        connection = http.client.HTTPConnection(host)
        connection.sock = sock
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", host), ("Accept", "application/json"), *identity(CHECKER)):
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        parts, size = [], 0
        while data := response.read1(65536):
            size += len(data)
            left = until - time.monotonic()
            if size > LARGEST or left <= 0:
                raise ValueError("the answer is too long" if size > LARGEST else "the answer takes too long")
            parts.append(data)
            sock.settimeout(left)
        response.close()
        return response.status, b"".join(parts)
    finally:
        sock.close()


def _failed(message: str) -> Availability:
    return Availability(False, "FailedDiscoveryCheck", message)
