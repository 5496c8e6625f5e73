"""What the claims of a verified token make of its bearer. Pure. Source: upstream's token/oidc authenticator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.access import User
from sampan.errors import Unauthorized
from sampan_auth.oidc.configuration import ClaimMapping, Issuer
from sampan_auth.oidc.expressions import Expression
from sampan_auth.resources import AUTHENTICATED
from sampan_cel import CelError

Claims = Mapping[str, Any]


def user_of(issuer: Issuer, claims: Claims) -> User:
    """Raises Unauthorized."""
    for name, wanted in issuer.required:
        if name not in claims:
            raise Unauthorized(f"oidc: required claim {name} not present in ID token")
        if claims[name] != wanted:
            raise Unauthorized(
                f"oidc: required claim {name} value does not match. Got = {claims[name]}, want = {wanted}"
            )
    _require(issuer, claims, "claim validation expression", claims=True)
    name = _username(issuer.username, claims)
    groups = tuple(_groups(issuer.groups, claims))
    uid = _uid(issuer.uid, claims)
    extra = {key: found for key, each in issuer.extra if (found := tuple(_texts(each, claims, "extra")))}
    said = {"username": name, "uid": uid, "groups": list(groups), "extra": {key: list(v) for key, v in extra.items()}}
    _require(issuer, said, "user info validation rule", claims=False)
    return User(name, (*groups, AUTHENTICATED), uid, extra)


def _require(issuer: Issuer, found: Claims, what: str, *, claims: bool) -> None:
    for rule in issuer.claim_rules if claims else issuer.user_rules:
        try:
            holds = rule.holds(found)
        except CelError as error:
            raise Unauthorized(f"oidc: error evaluating {what}: {error}") from error
        if not holds:
            said = rule.message or f"validation expression '{rule.condition.text}' failed"
            raise Unauthorized(f"oidc: error evaluating {what}: {said}")


def _value(expression: Expression, claims: Claims, what: str) -> Any:
    try:
        return expression.value(claims)
    except CelError as error:
        raise Unauthorized(f"oidc: error evaluating {what} claim expression: {error}") from error


def _username(mapping: ClaimMapping, claims: Claims) -> str:
    if mapping.expression is not None:
        name = _value(mapping.expression, claims, "username")
        if not isinstance(name, str):
            raise Unauthorized("oidc: error evaluating username claim expression: it must return a string")
        if not name:
            raise Unauthorized("oidc: empty username via CEL expression is not allowed")
        return name
    name = claims.get(mapping.claim)
    if not isinstance(name, str):
        raise Unauthorized(f'oidc: parse username claims "{mapping.claim}": claim not present or no string')
    if mapping.claim == "email" and claims.get("email_verified", True) is not True:
        raise Unauthorized("oidc: email not verified")
    return f"{mapping.prefix}{name}"


def _groups(mapping: ClaimMapping, claims: Claims) -> list[str]:
    if mapping.expression is not None:
        return _texts(mapping.expression, claims, "group")
    if not mapping.claim or claims.get(mapping.claim) is None:
        return []
    found = _list_of_texts(claims[mapping.claim])
    if found is None:
        raise Unauthorized(f'oidc: parse groups claim "{mapping.claim}": it is no string and no list of strings')
    return [f"{mapping.prefix}{each}" for each in found]


def _uid(mapping: ClaimMapping, claims: Claims) -> str:
    if mapping.expression is not None:
        found = _value(mapping.expression, claims, "uid")
    elif mapping.claim:
        found = claims.get(mapping.claim)
    else:
        return ""
    if not isinstance(found, str):
        raise Unauthorized("oidc: the uid is no string")
    return found


def _texts(expression: Expression, claims: Claims, what: str) -> list[str]:
    """A string or a list of strings; empty ones are left out, and null is none."""
    value = _value(expression, claims, what)
    found = [] if value is None else _list_of_texts(value)
    if found is None:
        raise Unauthorized(
            f"oidc: error evaluating {what} claim expression: expression must return a string or a list of strings"
        )
    return [each for each in found if each]


def _list_of_texts(value: Any) -> list[str] | None:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return list(value)
    return None
