"""Service-account tokens: signed by the cluster, bound to objects that must still be there.

A token's signature is checked once and remembered; whether its account, pod, secret or node still exists is looked up
again when an object of that kind has changed. Source: KEP-1205 (bound tokens), KEP-4193 (claims), RFC 7519."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Reader
from sampan.errors import Unauthorized
from sampan_auth.keys import Keys
from sampan_auth.resources import AUTHENTICATED
from sampan_machinery.resources import NODES, PODS, SECRETS
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS

LEGACY_ISSUER = "kubernetes/serviceaccount"

_MOST = 4096  # tokens remembered
_GRACE = 60.0  # seconds that the token of something being deleted still counts, so that it can end in order
_EXTRA = "authentication.kubernetes.io/"


@dataclass
class VerifiedToken:
    """A token whose signature and claims were found right."""

    user: User
    audiences: tuple[str, ...]  # empty: those of the API, as for tokens that name none
    expires: float  # seconds since the epoch
    bound: tuple[tuple[Resource, str, str, str], ...]  # what must live: (resource, namespace, name, uid)
    secret_token: tuple[str, str, bytes] | None = (
        None  # a legacy token must stand in its Secret: (namespace, name, token)
    )
    seen_at: tuple[int, ...] = field(default=())  # the generations at which all of it lived


class AccountTokens:
    """Knows service accounts by their tokens."""

    def __init__(self, reader: Reader, keys: Keys, issuer: str, *, clock: Callable[[], float] = time.time) -> None:
        self._reader = reader
        self._keys = keys
        self._issuer = issuer
        self._clock = clock
        self._known: OrderedDict[bytes, VerifiedToken] = OrderedDict()

    def verify(self, token: str) -> VerifiedToken | None:
        """The token's meaning, None where it is none of ours; raises Unauthorized for one that no longer counts."""
        digest = hashlib.sha256(token.encode()).digest()
        found = self._known.get(digest)
        if found is None:
            found = self._check(token)
            if found is None:
                return None
            self._known[digest] = found
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        if found.expires <= self._clock():
            self._known.pop(digest, None)
            raise Unauthorized("the token has expired")
        self._check_alive(found)
        return found

    def _check(self, token: str) -> VerifiedToken | None:
        claims = peek(token)
        if claims is None or claims.get("iss") not in (self._issuer, LEGACY_ISSUER):
            return None
        checked = self._decode(token)
        try:
            return _legacy(checked, token) if checked["iss"] == LEGACY_ISSUER else _bound(checked)
        except (KeyError, TypeError, AttributeError) as error:
            raise Unauthorized("the token's claims are not those of a service account") from error

    def _decode(self, token: str) -> dict[str, Any]:
        import jwt

        try:
            key = self._keys.find(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise Unauthorized("no key to check tokens with")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                options={"verify_aud": False, "verify_exp": False, "require": ["iss", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(f"the token is not valid: {error}") from error
        return claims

    def _check_alive(self, found: VerifiedToken) -> None:
        generation = self._reader.generation
        now = tuple(generation(resource) for resource, _namespace, _name, _uid in found.bound)
        if now == found.seen_at:
            return
        for resource, namespace, name, uid in found.bound:
            obj = self._reader.get(resource, name, namespace)
            if obj is None or (uid and obj["metadata"].get("uid") != uid) or self._is_gone(obj):
                raise Unauthorized(f"the {resource.kind} that the token is bound to does not exist any more")
            if resource == SECRETS and found.secret_token and _data(obj, "token") != found.secret_token[2]:
                raise Unauthorized("the token is not the one its Secret holds")
        found.seen_at = now

    def _is_gone(self, obj: Object) -> bool:
        deleted = obj["metadata"].get("deletionTimestamp")
        return bool(deleted) and datetime.fromisoformat(deleted).timestamp() + _GRACE < self._clock()


def peek(token: str) -> dict[str, Any] | None:
    """The claims of something that looks like a JWT, unchecked."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 16_384:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _bound(claims: Mapping[str, Any]) -> VerifiedToken:
    said = claims["kubernetes.io"]
    namespace, account = said["namespace"], said["serviceaccount"]
    if claims["sub"] != f"system:serviceaccount:{namespace}:{account['name']}":
        raise Unauthorized("the token's subject is not the account it names")
    bound = [(ACCOUNTS, namespace, account["name"], account["uid"])]
    extra: dict[str, tuple[str, ...]] = {}
    if claims.get("jti"):
        extra[f"{_EXTRA}credential-id"] = (f"JTI={claims['jti']}",)
    for word, resource in (("pod", PODS), ("secret", SECRETS), ("node", NODES)):
        if ref := said.get(word):
            if word != "secret":
                extra[f"{_EXTRA}{word}-name"] = (ref["name"],)
                extra[f"{_EXTRA}{word}-uid"] = (ref.get("uid", ""),)
            if word != "node" or not said.get("pod"):  # a pod's node is told, but the token hangs on the pod
                bound.append((resource, namespace if resource.namespaced else "", ref["name"], ref.get("uid", "")))
    audiences = claims.get("aud") or ()
    audiences = (audiences,) if isinstance(audiences, str) else tuple(audiences)
    user = _user(namespace, account["name"], account["uid"], extra)
    return VerifiedToken(user, audiences, float(claims["exp"]), tuple(bound))


def _legacy(claims: Mapping[str, Any], token: str) -> VerifiedToken:
    prefix = "kubernetes.io/serviceaccount"
    namespace, secret = claims[f"{prefix}/namespace"], claims[f"{prefix}/secret.name"]
    name, uid = claims[f"{prefix}/service-account.name"], claims[f"{prefix}/service-account.uid"]
    bound = ((ACCOUNTS, namespace, name, uid), (SECRETS, namespace, secret, ""))
    user = _user(namespace, name, uid, {})
    return VerifiedToken(user, (), float("inf"), bound, (namespace, secret, token.encode()))


def _user(namespace: str, name: str, uid: str, extra: Mapping[str, tuple[str, ...]]) -> User:
    groups: Sequence[str] = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{name}", tuple(groups), uid, extra)


def _data(secret: Object, key: str) -> bytes:
    return base64.b64decode((secret.get("data") or {}).get(key) or "")
