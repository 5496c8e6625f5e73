"""Distributed claims: groups that an ID token does not hold, but names an endpoint for.

Only the claim that ``claimMappings.groups.claim`` names is looked for, and aggregated claims (a JWT inside the token)
are passed over, as upstream does. Pure. Source: OpenID Connect Core 1.0, section 5.6.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sampan.errors import Unauthorized

NAMES, SOURCES = "_claim_names", "_claim_sources"


class ClaimSource(NamedTuple):
    """Where a claim is: it answers a JWT that holds it."""

    claim: str
    endpoint: str
    access_token: str


class Unresolved(Unauthorized):
    """The token is good, but part of it is at another server, and the caller may not wait for that."""


def source_of(claim: str, claims: Mapping[str, Any]) -> ClaimSource | None:
    """None where the claim is in the token, or nowhere. Raises Unauthorized for claims that are malformed."""
    if not claim or claim in claims or NAMES not in claims:
        return None
    names, sources = claims[NAMES], claims.get(SOURCES)
    if not isinstance(names, dict) or not all(isinstance(each, str) for each in names.values()):
        raise _wrong("error parsing distributed claim names")
    if SOURCES not in claims:
        raise _wrong("no claim sources")
    if not isinstance(sources, dict) or not all(isinstance(each, dict) for each in sources.values()):
        raise _wrong("could not parse claim sources")
    name = names.get(claim)
    if name is None:
        return None
    if name not in sources:
        raise _wrong(f"id token {NAMES} contained a source {name} missing in {SOURCES}")
    endpoint, token = sources[name].get("endpoint") or "", sources[name].get("access_token") or ""
    if not isinstance(endpoint, str) or not isinstance(token, str):
        raise _wrong("could not parse claim sources")
    if not endpoint:
        return None
    if urlsplit(endpoint).scheme != "https" or any(each in token for each in "\r\n"):
        raise _wrong(f'the endpoint of claim "{claim}" must be an https URL')
    return ClaimSource(claim, endpoint, token)


def claim_in(source: ClaimSource, claims: Mapping[str, Any]) -> Any:
    """The claim, of the verified JWT that its source has answered. Raises Unauthorized."""
    if source.claim not in claims:
        raise _wrong(
            f'jwt returned by distributed claim endpoint "{source.endpoint}" did not contain claim: {source.claim}'
        )
    return claims[source.claim]


def _wrong(why: str) -> Unauthorized:
    return Unauthorized(f"oidc: could not expand distributed claims: {why}")
