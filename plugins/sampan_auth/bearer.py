"""The authenticator of all bearer tokens. An unknown token is refused, never treated as anonymous."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from sampan.contracts.access import Credentials, User
from sampan.contracts.serving import Reader
from sampan.errors import Unauthorized
from sampan_auth.accounts import AccountTokens
from sampan_auth.bootstrap import bootstrapper
from sampan_auth.oidc.distributed import Unresolved
from sampan_auth.static import digest

#: Browsers cannot set headers on a WebSocket, so they send the token as a subprotocol.
_SUBPROTOCOL = "base64url.bearer.authorization.k8s.io."


class Bearer:
    """Static, bootstrap, ID and service-account tokens."""

    name = "token"

    def __init__(
        self,
        reader: Reader,
        accounts: AccountTokens,
        audiences: Sequence[str],
        *,
        static: Mapping[bytes, User] | None = None,
        bootstrap: bool = True,
        id_tokens: Callable[[str], User | None] | None = None,
    ) -> None:
        self._reader = reader
        self._accounts = accounts
        self._audiences = tuple(audiences)
        self._static = static or {}
        self._bootstrap = bootstrap
        self._id_tokens = id_tokens

    def authenticate(self, credentials: Credentials) -> User | None:
        token = bearer(credentials.headers)
        try:
            return self.review(token, ())[0] if token else None
        except Unresolved:
            return None  # left to ``DistributedClaims``

    def review(self, token: str, audiences: Sequence[str]) -> tuple[User, tuple[str, ...]]:
        """The user and for which of ``audiences`` (empty: the API's own) the token is meant; raises Unauthorized."""
        wanted = tuple(audiences) or self._audiences
        user = self._static.get(digest(token)) if self._static else None
        if user is None and self._bootstrap:
            user = bootstrapper(token, self._reader)
        if user is None and self._id_tokens is not None:
            user = self._id_tokens(token)
        if user is not None:
            return user, self._meant(self._audiences, wanted)
        found = self._accounts.verify(token)
        if found is None:
            raise Unauthorized("invalid bearer token")
        return found.user, self._meant(found.audiences or self._audiences, wanted)

    def _meant(self, audiences: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
        both = tuple(audience for audience in wanted if audience in audiences)
        if not both:
            raise Unauthorized(f"token audiences {list(audiences)} is invalid for the target audiences {list(wanted)}")
        return both


class DistributedClaims:
    """The authenticator of ID tokens that name another server for the bearer's groups. Asked after ``Bearer``, which
    leaves them to it; what it has resolved is known there for some seconds."""

    name = "distributed-claims"
    waits = True

    def __init__(self, resolve: Callable[[str], User | None]) -> None:
        self._resolve = resolve

    def authenticate(self, credentials: Credentials) -> User | None:
        token = bearer(credentials.headers)
        return self._resolve(token) if token else None


def bearer(headers: Mapping[str, str]) -> str:
    """The token of a request, "" for none."""
    scheme, _blank, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    for protocol in headers.get("sec-websocket-protocol", "").split(","):
        if protocol.strip().startswith(_SUBPROTOCOL):
            encoded = protocol.strip().removeprefix(_SUBPROTOCOL)
            try:
                return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            except (binascii.Error, ValueError) as error:
                raise Unauthorized("the token in Sec-WebSocket-Protocol is not base64url") from error
    return ""
