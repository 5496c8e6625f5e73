from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan.contracts.access import User
from sampan.errors import BadRequest, Unauthorized
from sampan_auth import extension, issuer
from sampan_auth.keys import Keys
from sampan_auth.reviews import review_kinds
from sampan_pki import ensure

JANE = User("jane", ("devs",), "7", {"k": ("v",)})


class Known:
    def review(self, token, audiences):
        if token != "good":
            raise Unauthorized("invalid bearer token")
        return JANE, tuple(audiences)


KINDS = {kind.kind: kind for kind in review_kinds(Known())}


def ask(kind, spec):
    return KINDS[kind].answer(SimpleNamespace(body=lambda: {"spec": spec}, user=JANE))["status"]


def test_a_good_token_is_told_with_its_user():
    assert ask("TokenReview", {"token": "good", "audiences": ["x"]}) == {
        "authenticated": True,
        "user": {"username": "jane", "uid": "7", "groups": ["devs"], "extra": {"k": ["v"]}},
        "audiences": ["x"],
    }


def test_a_bad_token_is_an_answer_and_not_a_failure():
    assert ask("TokenReview", {"token": "bad"}) == {"user": {}, "error": "invalid bearer token"}


def test_a_review_needs_a_token():
    with pytest.raises(BadRequest):
        ask("TokenReview", {})


def test_i_am_told_who_i_am():
    assert ask("SelfSubjectReview", {})["userInfo"]["username"] == "jane"


def test_the_issuer_tells_its_keys(tmp_path):
    ensure(tmp_path)
    found = {route.path: route for route in issuer.routes(Keys(tmp_path / "sa.pub"), "https://i", "https://s")}

    said = json.loads(found["/.well-known/openid-configuration"].serve(None).body)
    keys = json.loads(found["/openid/v1/jwks"].serve(None).body)["keys"]

    assert (said["issuer"], said["jwks_uri"]) == ("https://i", "https://s/openid/v1/jwks")
    assert said["id_token_signing_alg_values_supported"] == ["ES256"]
    assert [(key["kty"], key["crv"], key["alg"]) for key in keys] == [("EC", "P-256", "ES256")]


def test_servers_behind_ours_learn_whom_to_trust(tmp_path):
    assert extension.manifest(tmp_path, ()) is None
    ensure(tmp_path)

    data = extension.manifest(tmp_path, ("front-proxy-client",))["data"]

    assert data["client-ca-file"] == (tmp_path / "ca.crt").read_text()
    assert json.loads(data["requestheader-allowed-names"]) == ["front-proxy-client"]
