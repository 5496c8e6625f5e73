"""OpenID discovery: what other servers need to verify service-account tokens. Source: OpenID Connect Discovery 1.0."""

from __future__ import annotations

import json

from sampan.contracts.serving import Answer, Call, Route
from sampan_auth.keys import Keys

_JWKS = "/openid/v1/jwks"


def routes(keys: Keys, issuer: str, server_url: str) -> list[Route]:
    def configuration(call: Call) -> Answer:
        said = {
            "issuer": issuer,
            "jwks_uri": f"{server_url}{_JWKS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": sorted({key.algorithm for key in keys.all()}),
        }
        return Answer(body=json.dumps(said).encode(), headers=_CACHED)

    def jwks(call: Call) -> Answer:
        return Answer(body=json.dumps(keys.jwks()).encode(), content_type="application/jwk-set+json", headers=_CACHED)

    return [Route(path="/.well-known/openid-configuration", serve=configuration), Route(path=_JWKS, serve=jwks)]


_CACHED = (("cache-control", "public, max-age=3600"),)
