"""ID tokens: which issuer one is from, whether it is signed and meant for us, and whose it is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence

from sampan.contracts.access import User
from sampan.errors import Unauthorized
from sampan_auth.accounts import peek
from sampan_auth.oidc.claims import user_of
from sampan_auth.oidc.providers import ProviderKeys

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512")
REMEMBERED = 10.0  # seconds that a token counts without a new look, as upstream
_MOST = 4096


class IdTokens:
    """Knows users by tokens of the configured issuers; never waits for one of them."""

    def __init__(self, providers: Sequence[ProviderKeys], clock: Callable[[], float] = time.time) -> None:
        self._providers = {each.issuer.url: each for each in providers}
        self._clock = clock
        self._known: dict[bytes, tuple[float, User]] = {}

    def replace(self, providers: Sequence[ProviderKeys]) -> None:
        """Know the tokens of these from now on; nothing that is remembered of others counts any more."""
        self._providers = {each.issuer.url: each for each in providers}
        self._known = {}

    def verify(self, token: str) -> User | None:
        """The user, None for a token that is of none of them; raises Unauthorized."""
        known, claims = self._known, peek(token)  # what is being replaced is not remembered in its successor
        provider = None if claims is None else self._providers.get(str(claims.get("iss")))
        if provider is None:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        until, user = known.get(digest, (0.0, None))
        if user is not None and now < until:
            return user
        user, expires = self._check(provider, token)
        if len(known) >= _MOST:
            known.clear()
        known[digest] = (min(expires, now + REMEMBERED), user)
        return user

    def _check(self, provider: ProviderKeys, token: str) -> tuple[User, float]:
        import jwt

        if not provider.ready:
            raise Unauthorized(f'oidc: authenticator for issuer "{provider.issuer.url}" is not initialized')
        try:
            key = provider.find(str(jwt.get_unverified_header(token).get("kid") or ""))
            if key is None:
                raise Unauthorized("oidc: verify token: no key of the issuer fits; its keys are fetched again")
            claims = jwt.decode(
                token, key, algorithms=list(ALGORITHMS), audience=list(provider.issuer.audiences),
                issuer=provider.issuer.url, options={"require": ["exp", "iss", "aud"]},
            )  # fmt: skip
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise Unauthorized(f"oidc: verify token: {error}") from error
        return user_of(provider.issuer, claims), float(claims["exp"])
