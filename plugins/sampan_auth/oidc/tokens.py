"""ID tokens: which issuer one is from, whether it is signed and meant for us, and whose it is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from sampan.contracts.access import User
from sampan.errors import Unauthorized
from sampan_auth.accounts import peek
from sampan_auth.oidc.claims import user_of
from sampan_auth.oidc.distributed import ClaimSource, Unresolved, claim_in, source_of
from sampan_auth.oidc.providers import ProviderKeys, fetch

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512")
REMEMBERED = 10.0  # seconds that a token counts without a new look, as upstream
_MOST = 4096


class IdTokens:
    """Knows users by tokens of the configured issuers. ``verify`` never waits for one of them; ``resolve`` waits for
    distributed claims."""

    def __init__(
        self,
        providers: Sequence[ProviderKeys],
        clock: Callable[[], float] = time.time,
        fetch: Callable[[str, str, str], bytes] = fetch,
    ) -> None:
        self._providers = {each.issuer.url: each for each in providers}
        self._clock, self._fetch = clock, fetch
        self._known: dict[bytes, tuple[float, User]] = {}

    def replace(self, providers: Sequence[ProviderKeys]) -> None:
        """Know the tokens of these from now on; nothing that is remembered of others counts any more."""
        self._providers = {each.issuer.url: each for each in providers}
        self._known = {}

    def verify(self, token: str) -> User | None:
        """The user, None for a token that is of none of them; raises Unauthorized, and Unresolved for a good one with
        distributed claims that were not fetched lately."""
        return self._verified(token, may_wait=False)

    def resolve(self, token: str) -> User | None:
        """The same; fetches distributed claims, which may take some seconds."""
        return self._verified(token, may_wait=True)

    def _verified(self, token: str, *, may_wait: bool) -> User | None:
        known, claims = self._known, peek(token)  # what is being replaced is not remembered in its successor
        provider = None if claims is None else self._providers.get(str(claims.get("iss")))
        if provider is None:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        until, user = known.get(digest, (0.0, None))
        if user is not None and now < until:
            return user
        user, expires = self._check(provider, token, may_wait)
        if len(known) >= _MOST:
            known.clear()
        known[digest] = (min(expires, now + REMEMBERED), user)
        return user

    def _check(self, provider: ProviderKeys, token: str, may_wait: bool) -> tuple[User, float]:
        claims = _claims(provider, token)
        source = source_of(provider.issuer.groups.claim, claims)
        if source is not None:
            if not may_wait:
                raise Unresolved(f'oidc: the distributed claim "{source.claim}" has not been fetched')
            claims = {**claims, source.claim: claim_in(source, self._fetched(provider, source))}
        return user_of(provider.issuer, claims), float(claims["exp"])

    def _fetched(self, provider: ProviderKeys, source: ClaimSource) -> dict[str, Any]:
        """The verified claims of the JWT at a source, which may be of another issuer."""
        what = f'oidc: could not expand distributed claims: while getting distributed claim "{source.claim}"'
        try:
            found = (
                self._fetch(source.endpoint, provider.issuer.authorities, source.access_token).decode("ascii").strip()
            )
        except (OSError, ValueError, HTTPException) as error:
            raise Unauthorized(f"{what}: {error}") from error
        url = str((peek(found) or {}).get("iss") or "")
        if urlsplit(url).scheme != "https":
            raise Unauthorized(f"{what}: what {source.endpoint} answers is no JWT of an issuer with an https URL")
        keys = provider if url == provider.issuer.url else provider.related(url)
        if keys is not provider:
            keys.refresh()
        return _claims(keys, found)


def _claims(provider: ProviderKeys, token: str) -> dict[str, Any]:
    """Those of a token that is signed by the issuer and meant for us. Raises Unauthorized."""
    import jwt

    if not provider.ready:
        raise Unauthorized(f'oidc: authenticator for issuer "{provider.issuer.url}" is not initialized')
    try:
        key = provider.find(str(jwt.get_unverified_header(token).get("kid") or ""))
        if key is None:
            raise Unauthorized("oidc: verify token: no key of the issuer fits; its keys are fetched again")
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=list(ALGORITHMS), audience=list(provider.issuer.audiences),
            issuer=provider.issuer.url, options={"require": ["exp", "iss", "aud"]},
        )  # fmt: skip
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise Unauthorized(f"oidc: verify token: {error}") from error
    return claims
