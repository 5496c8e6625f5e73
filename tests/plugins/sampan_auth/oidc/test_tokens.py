from __future__ import annotations

import pytest

from sampan.errors import Unauthorized
from sampan_auth.oidc.providers import ProviderKeys, fetch
from sampan_auth.oidc.tokens import IdTokens


@pytest.fixture
def tokens(local_issuer, issuer_of):
    keys = ProviderKeys(
        issuer_of(url=local_issuer.url, issuer={"certificateAuthority": local_issuer.authority, "audiences": ["us"]}),
        fetch,
    )
    keys.refresh()
    return IdTokens([keys])


def test_a_token_of_the_issuer_names_its_user(tokens, local_issuer):
    token = local_issuer.token()

    assert tokens.verify(token).name == "oidc:jane"
    assert tokens.verify(token) is tokens.verify(token)


def test_tokens_of_others_are_left_to_others(tokens):
    assert tokens.verify("opaque") is None
    assert tokens.verify("a.b.c") is None


@pytest.mark.parametrize(
    "claims, why",
    [
        ({"aud": "them"}, "Audience doesn't match"),
        ({"exp": 1}, "Signature has expired"),
        ({"nbf": 9_999_999_999}, "not yet valid"),
        ({"sub": None}, "oidc: "),
    ],
)
def test_a_token_that_is_not_meant_for_us_or_over_is_refused(tokens, local_issuer, claims, why):
    with pytest.raises(Unauthorized, match=why):
        tokens.verify(local_issuer.token(**claims))


def test_a_forged_token_is_refused(tokens, local_issuer):
    token = local_issuer.token()
    local_issuer.rotate("first")

    with pytest.raises(Unauthorized, match="Signature verification failed"):
        tokens.verify(local_issuer.token(sub="root"))
    assert tokens.verify(token) is not None


def test_a_key_that_is_new_is_refused_until_it_was_fetched(tokens, local_issuer):
    local_issuer.rotate("second")

    with pytest.raises(Unauthorized, match="its keys are fetched again"):
        tokens.verify(local_issuer.token())


def test_before_the_first_keys_are_there_nothing_is_waited_for(issuer_of, local_issuer):
    tokens = IdTokens([ProviderKeys(issuer_of(url=local_issuer.url), fetch)])

    with pytest.raises(Unauthorized, match="is not initialized"):
        tokens.verify(local_issuer.token())
