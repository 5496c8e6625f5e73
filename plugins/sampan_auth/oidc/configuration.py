"""The file AuthenticationConfiguration (apiserver.config.k8s.io): read, and checked as upstream checks it.

Source: upstream's pkg/apis/apiserver/v1 and its validation. Expressions are compiled here, once.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sampan.contracts.kinds import Problem
from sampan_auth.anonymous import check_anonymous
from sampan_auth.oidc.expressions import Expression, Rule
from sampan_machinery import configfiles, problems

VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1")
_BOTH = "claim and expression can't both be set"
_EMAIL = re.compile(r"\bclaims\s*\.\s*\??\s*email\b")
_VERIFIED = re.compile(r"\bclaims\s*\.\s*\??\s*email_verified\b")
_NOT_VERIFIED = (
    "claims.email_verified must be used in claimMappings.username.expression or "
    "claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in "
    "claimMappings.username.expression"
)
_EXTRA_KEY = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+/[^/\s]+")
_RESERVED = ("k8s.io", "kubernetes.io")


@dataclass(frozen=True)
class ClaimMapping:
    """A claim with its prefix, or an expression; neither: nothing."""

    claim: str = ""
    prefix: str = ""
    expression: Expression | None = None


@dataclass(frozen=True)
class Issuer:
    """One of ``jwt``."""

    url: str
    discovery_url: str
    authorities: str  # PEM; "": those of the machine
    audiences: tuple[str, ...]
    username: ClaimMapping
    groups: ClaimMapping
    uid: ClaimMapping
    extra: tuple[tuple[str, Expression], ...]
    required: tuple[tuple[str, str], ...]  # claims with their value
    claim_rules: tuple[Rule, ...]
    user_rules: tuple[Rule, ...]


def read_configuration(text: bytes, source: str, own_issuers: Sequence[str]) -> list[Issuer]:
    """Raises ConfigError with all that is wrong. ``own_issuers``: of service accounts, which no other may have."""
    found = configfiles.read(text, source, _Reader(own_issuers).check)
    return [_issuer(each) for each in found.get("jwt") or ()]


class _Reader:
    """Says what is wrong with a configuration."""

    def __init__(self, own_issuers: Sequence[str]) -> None:
        self._own = sorted(own_issuers)

    def check(self, found: Mapping[str, Any]) -> Iterator[Problem]:
        if found.get("apiVersion") not in VERSIONS or found.get("kind") != "AuthenticationConfiguration":
            shown = f"{found.get('apiVersion')}/{found.get('kind')}"
            yield problems.invalid("apiVersion", shown, f"must be an AuthenticationConfiguration of {VERSIONS[0]}")
            return
        yield from _unknown("", found, "apiVersion kind metadata jwt anonymous")
        yield from check_anonymous(found.get("anonymous"))
        issuers = found.get("jwt", [])
        if not isinstance(issuers, list) or not all(isinstance(each, dict) for each in issuers):
            yield problems.invalid("jwt", issuers, "must be a list of objects")
            return
        for field in ("url", "discoveryURL"):
            seen: set[str] = set()
            for index, each in enumerate(issuers):
                url = str(_map(each, "issuer").get(field) or "")
                if url and url in seen:
                    yield problems.duplicate(f"jwt[{index}].issuer.{field}", url)
                seen.add(url)
        for index, each in enumerate(issuers):
            yield from self._authenticator(f"jwt[{index}]", each)

    def _authenticator(self, path: str, found: Mapping[str, Any]) -> Iterator[Problem]:
        yield from _unknown(f"{path}.", found, "issuer claimValidationRules claimMappings userValidationRules")
        yield from self._issuer(f"{path}.issuer", _map(found, "issuer"))
        for field, variable in (("claimValidationRules", "claims"), ("userValidationRules", "user")):
            seen: set[str] = set()
            for index, rule in enumerate(_list(found, field)):
                yield from _rule(f"{path}.{field}[{index}]", rule, variable, seen)
        yield from self._mappings(f"{path}.claimMappings", found)

    def _issuer(self, path: str, found: Mapping[str, Any]) -> Iterator[Problem]:
        yield from _unknown(
            f"{path}.", found, "url discoveryURL certificateAuthority audiences audienceMatchPolicy egressSelectorType"
        )
        url, discovery = found.get("url") or "", found.get("discoveryURL") or ""
        if not url:
            yield problems.required(f"{path}.url")
        else:
            yield from _url(f"{path}.url", url, self._own)
        if discovery:
            if url.rstrip("/") == discovery.rstrip("/"):
                yield problems.invalid(f"{path}.discoveryURL", discovery, "discoveryURL must be different from URL")
            yield from _url(f"{path}.discoveryURL", discovery, ())
        yield from _audiences(path, found)
        if authority := found.get("certificateAuthority"):
            try:
                ssl.create_default_context(cadata=authority)
            except (ssl.SSLError, ValueError):
                detail = "data does not contain any valid RSA or ECDSA certificates"
                yield problems.invalid(f"{path}.certificateAuthority", "<omitted>", detail)
        if found.get("egressSelectorType"):
            yield problems.forbidden(f"{path}.egressSelectorType", "there are no egress selectors here")

    def _mappings(self, path: str, found: Mapping[str, Any]) -> Iterator[Problem]:
        mappings = _map(found, "claimMappings")
        yield from _unknown(f"{path}.", mappings, "username groups uid extra")
        yield from _mapping(f"{path}.username", _map(mappings, "username"), needed=True, prefixed=True)
        yield from _mapping(f"{path}.groups", _map(mappings, "groups"), needed=False, prefixed=True)
        yield from _mapping(f"{path}.uid", _map(mappings, "uid"), needed=False, prefixed=False)
        seen: set[str] = set()
        extra = _list(mappings, "extra")
        for index, each in enumerate(extra):
            yield from _extra(f"{path}.extra[{index}]", each, seen)
        username = _map(mappings, "username").get("expression") or ""
        checked = [username, *(each.get("valueExpression") or "" for each in extra)]
        checked += [each.get("expression") or "" for each in _list(found, "claimValidationRules")]
        if _EMAIL.search(username) and not any(map(_VERIFIED.search, checked)):
            yield problems.invalid(f"{path}.username.expression", username, _NOT_VERIFIED)


def _map(found: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = found.get(field)
    return value if isinstance(value, dict) else {}


def _list(found: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    value = found.get(field)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _unknown(prefix: str, found: Mapping[str, Any], known: str) -> Iterator[Problem]:
    for name in found:
        if name not in known.split():
            yield problems.forbidden(f"{prefix}{name}", "unknown field")


def _url(path: str, url: str, disallowed: Sequence[str]) -> Iterator[Problem]:
    if url in disallowed:
        detail = f"URL must not overlap with disallowed issuers: [{' '.join(disallowed)}]"
        yield problems.invalid(path, url, detail)
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield problems.invalid(path, url, "URL scheme must be https")
    if parts.username or parts.password:
        yield problems.invalid(path, url, "URL must not contain a username or password")
    if parts.query:
        yield problems.invalid(path, url, "URL must not contain a query")
    if parts.fragment:
        yield problems.invalid(path, url, "URL must not contain a fragment")


def _audiences(path: str, found: Mapping[str, Any]) -> Iterator[Problem]:
    audiences, policy = found.get("audiences") or [], found.get("audienceMatchPolicy") or ""
    field, match = f"{path}.audiences", f"{path}.audienceMatchPolicy"
    if not audiences:
        yield problems.required(field, f"at least one {field} is required")
        return
    for index, audience in enumerate(audiences):
        if not audience:
            yield problems.required(f"{field}[{index}]")
        if audience in audiences[:index]:
            yield problems.duplicate(f"{field}[{index}]", audience)
    if len(audiences) > 1 and policy != "MatchAny":
        yield problems.invalid(match, policy, "audienceMatchPolicy must be MatchAny for multiple audiences")
    elif policy not in ("", "MatchAny"):
        yield problems.invalid(match, policy, "audienceMatchPolicy must be empty or MatchAny for single audience")


def _compiles(path: str, text: str, variable: str, *, condition: bool = False) -> Iterator[Problem]:
    why = Expression.problem_of(text, variable, condition=condition)
    if why:
        yield problems.invalid(path, text, f"compilation failed: {why}")


def _rule(path: str, rule: Mapping[str, Any], variable: str, seen: set[str]) -> Iterator[Problem]:
    claim, text = rule.get("claim") or "", rule.get("expression") or ""
    if variable == "user" and not text:
        yield problems.required(f"{path}.expression")
        return
    if claim and text:
        yield problems.invalid(path, claim, _BOTH)
        return
    if not claim and not text:
        yield problems.required(path, "claim or expression is required")
        return
    field, value = ("claim", claim) if claim else ("expression", text)
    other = "message" if claim else "requiredValue"
    if rule.get(other):
        yield problems.invalid(f"{path}.{other}", rule[other], f"may not be specified when {field} is set")
    if f"{field} {value}" in seen:
        yield problems.duplicate(f"{path}.{field}", value)
        return
    seen.add(f"{field} {value}")
    if text:
        yield from _compiles(f"{path}.expression", text, variable, condition=True)


def _mapping(path: str, found: Mapping[str, Any], *, needed: bool, prefixed: bool) -> Iterator[Problem]:
    claim, text = found.get("claim") or "", found.get("expression") or ""
    if claim and text:
        yield problems.invalid(path, "", _BOTH)
    elif text:
        if found.get("prefix") is not None:
            detail = "may not be specified when expression is set"
            yield problems.invalid(f"{path}.prefix", found["prefix"], detail)
        yield from _compiles(f"{path}.expression", text, "claims")
    elif claim:
        if prefixed and found.get("prefix") is None:
            detail = "prefix is required when claim is set. It can be set to an empty string to disable prefixing"
            yield problems.required(f"{path}.prefix", detail)
    elif needed:
        yield problems.required(path, "claim or expression is required")


def _extra(path: str, found: Mapping[str, Any], seen: set[str]) -> Iterator[Problem]:
    key, text = str(found.get("key") or ""), found.get("valueExpression") or ""
    if not key:
        yield problems.required(f"{path}.key")
    elif key != key.lower():
        yield problems.invalid(f"{path}.key", key, "must be lowercase")
    elif not _EXTRA_KEY.fullmatch(key):
        yield problems.invalid(f"{path}.key", key, 'must be a domain-prefixed path (such as "acme.io/foo")')
    domain = key.partition("/")[0]
    if any(domain == each or domain.endswith(f".{each}") for each in _RESERVED):
        detail = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
        yield problems.invalid(f"{path}.key", key, detail)
    if key in seen:
        yield problems.duplicate(f"{path}.key", key)
        return
    seen.add(key)
    if text:
        yield from _compiles(f"{path}.valueExpression", text, "claims")
    else:
        yield problems.required(f"{path}.valueExpression")


def _issuer(found: Mapping[str, Any]) -> Issuer:
    issuer, mappings = _map(found, "issuer"), _map(found, "claimMappings")
    claim_rules = _list(found, "claimValidationRules")
    return Issuer(
        issuer["url"], issuer.get("discoveryURL") or "", issuer.get("certificateAuthority") or "",
        tuple(issuer["audiences"]), _made(_map(mappings, "username")), _made(_map(mappings, "groups")),
        _made(_map(mappings, "uid")),
        tuple((each["key"], Expression(each["valueExpression"], "claims")) for each in _list(mappings, "extra")),
        tuple((each["claim"], each.get("requiredValue") or "") for each in claim_rules if each.get("claim")),
        tuple(_condition(each, "claims") for each in claim_rules if each.get("expression")),
        tuple(_condition(each, "user") for each in _list(found, "userValidationRules")),
    )  # fmt: skip


def _made(found: Mapping[str, Any]) -> ClaimMapping:
    text = found.get("expression")
    expression = Expression(text, "claims") if text else None
    return ClaimMapping(found.get("claim") or "", found.get("prefix") or "", expression)


def _condition(rule: Mapping[str, Any], variable: str) -> Rule:
    return Rule(Expression(rule["expression"], variable), rule.get("message") or "")
