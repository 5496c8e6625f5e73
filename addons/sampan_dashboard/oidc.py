"""Sign-in at an OpenID Connect provider: the authorization code flow with PKCE. Knows nothing of pages and sessions.

The ID token comes from the token endpoint over TLS, so that its signature need not be checked here (OpenID Connect Core
1.0, §3.1.3.7); the API server, which must trust the same provider, checks it at each request.
Source: OpenID Connect Core 1.0, RFC 6749, RFC 7636 (PKCE), RFC 9700 (security best practice).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http.client
import json
import logging
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

from sampan.errors import BadGateway, BadRequest, ConfigError, Unauthorized
from sampan_client.kubeconfig import Config
from sampan_dashboard.sealing import Sealer

log = logging.getLogger(__name__)

PENDING_SECONDS = 600.0  # that a user may take at the provider
MOST_PENDING = 1000
TIMEOUT = 15.0
LARGEST = 1 << 20  # bytes of an answer
SKEW = 60.0  # seconds by which clocks may differ
EARLY = 30.0  # seconds before its end that a token is renewed
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Asks(Protocol):
    """One request to the provider. Raises BadGateway where it does not answer with a JSON object."""

    def __call__(self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Any: ...


@dataclass(frozen=True)
class Provider:
    """What the settings say."""

    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid",)


class Pending(NamedTuple):
    """A user who is at the provider."""

    verifier: str
    nonce: str
    binding: str  # in a cookie of the browser that began it
    next: str
    began: float


class Tokens(NamedTuple):
    id_token: str
    refresh: str
    expires: float  # seconds since the epoch


@dataclass
class Flow:
    """Those who are signing in. Thread-safe; ``wall`` in seconds since the epoch."""

    provider: Provider
    ask: Asks
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    token: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    sealer: Sealer | None = None  # with it a user's browser keeps what is pending, and may come back to another replica
    _pending: dict[str, Pending] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _endpoints: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, redirect: str, next: str) -> tuple[str, str]:
        """(address at the provider, what to bind the browser to)."""
        endpoint = self._endpoint("authorization_endpoint")
        state, pending = self.token(), Pending(self.token(), self.token(), self.token(), next, self.clock())
        binding = self._sealed(state, pending) if self.sealer else self._remember(state, pending)
        query = {
            "response_type": "code", "client_id": self.provider.client_id, "redirect_uri": redirect, "state": state,
            "scope": " ".join(dict.fromkeys(("openid", *self.provider.scopes))), "nonce": pending.nonce,
            "code_challenge": challenge(pending.verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", binding

    def finish(self, redirect: str, query: Mapping[str, str], binding: str) -> tuple[Tokens, str]:
        """(tokens, where the user wanted to go). Raises Unauthorized in words; each state counts once, and where it is
        sealed, the provider's code does (RFC 6749, §4.1.2)."""
        state = query.get("state", "")
        pending = self._opened(state, binding) if self.sealer else self._remembered(state, binding)
        if query.get("error"):
            raise Unauthorized(f"the provider refuses: {query['error']} {query.get('error_description', '')}".strip())
        if query.get("iss", self.provider.issuer) != self.provider.issuer:
            raise Unauthorized("another provider has answered")  # RFC 9207
        form = {
            "grant_type": "authorization_code", "code": query.get("code", ""), "redirect_uri": redirect,
            "code_verifier": pending.verifier,
        }  # fmt: skip
        return self._exchange(form, pending.nonce, ""), pending.next

    def _remember(self, state: str, pending: Pending) -> str:
        now = pending.began
        with self._lock:
            self._pending = {key: one for key, one in self._pending.items() if now - one.began < PENDING_SECONDS}
            while len(self._pending) >= MOST_PENDING:
                del self._pending[next_key(self._pending)]
            self._pending[state] = pending
        return pending.binding

    def _remembered(self, state: str, binding: str) -> Pending:
        with self._lock:
            pending = self._pending.pop(state, None)
        if pending is None or self.clock() - pending.began >= PENDING_SECONDS:
            raise Unauthorized("the sign-in took too long, or was finished already: begin again")
        if not binding or not secrets.compare_digest(binding.encode(), pending.binding.encode()):
            raise Unauthorized("the sign-in was begun by another browser: begin again")
        return pending

    def _sealed(self, state: str, pending: Pending) -> str:
        assert self.sealer is not None
        data = json.dumps([state, *pending._replace(binding="", began=self.wall())])
        return self.sealer.seal("sign-in", data.encode())

    def _opened(self, state: str, binding: str) -> Pending:
        assert self.sealer is not None
        data = self.sealer.open("sign-in", binding)
        begun, *parts = json.loads(data) if data else [""]
        if not begun or not secrets.compare_digest(begun.encode(), state.encode()):
            raise Unauthorized("the sign-in was begun by another browser, or was finished already: begin again")
        pending = Pending(*parts)
        if self.wall() - pending.began >= PENDING_SECONDS:
            raise Unauthorized("the sign-in took too long: begin again")
        return pending

    def renew(self, refresh: str) -> Tokens:
        return self._exchange({"grant_type": "refresh_token", "refresh_token": refresh}, "", refresh)

    def _exchange(self, form: Mapping[str, str], nonce: str, refresh: str) -> Tokens:
        provider = self.provider
        headers = {}
        if provider.client_secret:
            pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = self.ask("POST", self._endpoint("token_endpoint"), {**form, "client_id": provider.client_id}, headers)
        if answer.get("error"):
            raise Unauthorized(
                f"the provider refuses: {answer['error']} {answer.get('error_description') or ''}".strip()
            )
        token = str(answer.get("id_token") or "")
        claims = claims_of(token)
        check(claims, provider, nonce, self.wall())
        return Tokens(token, str(answer.get("refresh_token") or refresh), float(claims["exp"]))

    def _endpoint(self, name: str) -> str:
        if not self._endpoints:
            issuer = self.provider.issuer
            found = self.ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", None, {})
            if found.get("issuer") != issuer:
                raise BadGateway(f"{issuer} says that it is {found.get('issuer')!r}: set oidc_issuer to exactly that")
            self._endpoints = found
        endpoint = str(self._endpoints.get(name) or "")
        if not is_safe(endpoint):
            raise BadGateway(f"{self.provider.issuer} has no {name} that can be used: {endpoint!r}")
        return endpoint


class RenewedConfig(Config):
    """Credentials whose ID token is renewed shortly before it ends, as long as the provider allows it."""

    def __init__(self, place: Config, flow: Flow, tokens: Tokens) -> None:
        super().__init__(
            place.server, ca=place.ca, insecure=place.insecure, tls_server_name=place.tls_server_name,
            token=tokens.id_token,
        )  # fmt: skip
        self._flow, self._tokens, self._renewing = flow, tokens, threading.Lock()

    @property
    def tokens(self) -> Tokens:
        return self._tokens

    def take(self, tokens: Tokens) -> None:
        """Of another replica, which has renewed them; older ones are not taken."""
        with self._renewing:
            if tokens.expires > self._tokens.expires:
                self._tokens, self.token = tokens, tokens.id_token

    def authorization(self) -> str:
        if self._tokens.refresh and self._is_old():
            with self._renewing:
                if self._is_old():
                    self._renew()
        return super().authorization()

    def _is_old(self) -> bool:
        return self._flow.wall() > self._tokens.expires - EARLY

    def _renew(self) -> None:
        try:
            self._tokens = self._flow.renew(self._tokens.refresh)
        except Unauthorized as error:
            log.info("dashboard: a session is not renewed: %s", error)
            self._tokens = self._tokens._replace(refresh="")  # the API server refuses the old one, and the session ends
        except (BadGateway, OSError) as error:
            log.warning("dashboard: the provider cannot be asked for another token: %s", error)
        self.token = self._tokens.id_token


def next_key(found: Mapping[str, Any]) -> str:
    return next(iter(found))


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def claims_of(token: str) -> Mapping[str, Any]:
    """Raises Unauthorized for what is no JSON Web Token."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error) as error:
        raise Unauthorized("the provider has sent no ID token") from error
    if len(parts) != 3 or not isinstance(found, dict):
        raise Unauthorized("the provider has sent no ID token")
    return found


def check(claims: Mapping[str, Any], provider: Provider, nonce: str, now: float) -> None:
    """Raises Unauthorized. ``nonce`` "": a renewed token, which need not have one."""
    audience = claims.get("aud")
    if claims.get("iss") != provider.issuer:
        raise Unauthorized(f"the ID token is of {claims.get('iss')!r}")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthorized(f"the ID token is for {audience!r}, not for {provider.client_id!r}")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or now > expires + SKEW:
        raise Unauthorized("the ID token has expired")
    if nonce and not secrets.compare_digest(str(claims.get("nonce") or "").encode(), nonce.encode()):
        raise Unauthorized("the ID token is of another sign-in")


def is_safe(url: str) -> bool:
    """HTTPS, or this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def asking(ca_file: str = "") -> Asks:
    """By HTTPS, with the system's authorities or those of a file. Redirects are not followed."""
    context = ssl.create_default_context(cafile=ca_file or None)

    def ask(method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Any:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        make: Any = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = make(parts.hostname, parts.port, timeout=TIMEOUT, **({"context": context} if secure else {}))
        body = urlencode(form) if form is not None else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {"Accept": "application/json", **kind, **headers})
            answer = connection.getresponse()
            data = answer.read(LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise BadGateway(f"{parts.hostname} cannot be asked: {error}") from error
        finally:
            connection.close()
        return decoded(data, answer.status, parts.hostname or "")

    return ask


def decoded(data: bytes, status: int, host: str) -> Mapping[str, Any]:
    """An error of OAuth is an answer too (RFC 6749, §5.2)."""
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict) or (status != 200 and "error" not in found):
        raise BadGateway(f"{host} answers with {status}, which is no answer of a provider")
    return found


def flow_of(settings: Any, sealer: Sealer | None = None) -> Flow | None:
    """None where no provider is set. Raises ConfigError."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id or not is_safe(settings.oidc_issuer):
        raise ConfigError("plugins.dashboard: oidc_issuer must be an https address, with an oidc_client_id known there")
    try:
        secret = Path(settings.oidc_client_secret_file).read_text().strip() if settings.oidc_client_secret_file else ""
        ask = asking(settings.oidc_ca_file)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"plugins.dashboard: {error}") from error
    provider = Provider(settings.oidc_issuer, settings.oidc_client_id, secret, settings.oidc_scopes)
    return Flow(provider, ask, sealer=sealer)


def require_code(query: Mapping[str, str]) -> None:
    """Raises BadRequest for an address to which no provider has sent the browser."""
    if not query.get("state") or not (query.get("code") or query.get("error")):
        raise BadRequest("the provider's answer lacks state and code")
