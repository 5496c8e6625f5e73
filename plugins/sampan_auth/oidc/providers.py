"""The public keys of issuers: fetched by a thread of their own, so that no request waits for another server.

Source: OpenID Connect Discovery 1.0, RFC 7517. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sampan_auth.oidc.configuration import Issuer

log = logging.getLogger(__name__)

REFRESH = 3600.0  # seconds after which keys are fetched again
AGAIN = 10.0  # seconds between two tries, and between two fetches for tokens with unknown keys
_TIMEOUT = 10.0
_LARGEST = 1 << 20  # bytes of an answer
_MOST_RELATED = 16

#: (URL, authorities in PEM) → the body; raises OSError or ValueError.
Fetch = Callable[[str, str], bytes]


class ProviderKeys:
    """The keys of one issuer by their id."""

    def __init__(self, issuer: Issuer, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._fetch, self._clock = fetch, clock
        self._keys: dict[str, Any] | None = None
        self._next = float("-inf")
        self._tried = float("-inf")
        self._related: dict[str, ProviderKeys] = {}

    def related(self, url: str) -> ProviderKeys:
        """The keys of another issuer, which this one's tokens have led to: same authorities and audiences."""
        found = self._related.get(url)
        if found is None:
            if len(self._related) >= _MOST_RELATED:
                self._related = {}
            issuer = replace(self.issuer, url=url, discovery_url="")
            found = self._related[url] = ProviderKeys(issuer, self._fetch, self._clock)
        return found

    @property
    def ready(self) -> bool:
        return self._keys is not None

    def find(self, key_id: str) -> Any | None:
        """The key, or the only one where the token names none. An unknown one lets the keys be fetched again soon."""
        keys = self._keys or {}
        found = keys.get(key_id)
        if found is None and not key_id and len(keys) == 1:
            found = next(iter(keys.values()))
        if found is None:
            self._next = min(self._next, self._tried + AGAIN)
        return found

    def refresh(self) -> None:
        """Fetch the keys where that is due."""
        now = self._clock()
        if now < self._next:
            return
        self._tried = now
        try:
            self._keys = self._load()
            self._next = now + REFRESH
        except (OSError, ValueError, http.client.HTTPException) as error:
            self._next = now + AGAIN
            log.warning("auth: the keys of issuer %s cannot be fetched: %s", self.issuer.url, error)

    def _load(self) -> dict[str, Any]:
        import jwt

        url = self.issuer.discovery_url or f"{self.issuer.url.rstrip('/')}/.well-known/openid-configuration"
        found = _object(self._fetch(url, self.issuer.authorities))
        if found.get("issuer") != self.issuer.url:
            raise ValueError(f"its discovery document names the issuer {found.get('issuer')!r}")
        location = found.get("jwks_uri")
        if not isinstance(location, str) or urlsplit(location).scheme != "https":
            raise ValueError("provider did not return JWKS URL")
        keys: dict[str, Any] = {}
        for each in _object(self._fetch(location, self.issuer.authorities)).get("keys") or ():
            if isinstance(each, dict) and each.get("use", "sig") == "sig":
                try:
                    keys[str(each.get("kid") or "")] = jwt.PyJWK(each).key
                except jwt.PyJWTError:
                    continue  # of a type that is not known here
        return keys


def fetch(url: str, authorities: str, token: str = "") -> bytes:
    """GET over TLS, verified by these authorities or by those of the machine; with a bearer token if one is given."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cadata=authorities or None)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=_TIMEOUT, context=context)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Accept": "application/json, application/jwt;q=0.9, */*;q=0.1" if token else "application/json"}
        connection.request("GET", path, headers={**headers, "Authorization": f"Bearer {token}"} if token else headers)
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:
            raise ValueError(f"{url} answered {answer.status}")
        data = answer.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError(f"{url} answered more than {_LARGEST} bytes")
        return data
    finally:
        connection.close()


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("the answer is no JSON object")
    return found
