from __future__ import annotations

import pytest

from sampan.errors import Unauthorized
from sampan_auth.oidc.distributed import Unresolved
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


GROUPS = {"groups": {"claim": "groups", "prefix": "oidc:"}}


@pytest.fixture
def grouped(local_issuer, issuer_of):
    trust = {"certificateAuthority": local_issuer.authority, "audiences": ["us"]}
    keys = ProviderKeys(issuer_of(url=local_issuer.url, issuer=trust, mappings=GROUPS), fetch)
    keys.refresh()
    return IdTokens([keys])


@pytest.fixture
def distributed(local_issuer):
    """A token whose groups are at the issuer, below ``/claims``."""

    def distributed(path="/claims?of=jane", **claims):
        source = {"endpoint": f"{local_issuer.url}{path}", "access_token": "f005ba11"}
        return local_issuer.token(_claim_names={"groups": "one"}, _claim_sources={"one": source}, **claims)

    return distributed


def test_groups_are_fetched_where_the_token_says_by_who_may_wait(grouped, distributed, local_issuer):
    token = distributed()
    local_issuer.sources["/claims?of=jane"] = local_issuer.token(groups=["a", "b"])

    with pytest.raises(Unresolved, match='the distributed claim "groups" has not been fetched'):
        grouped.verify(token)
    assert "/claims?of=jane" not in local_issuer.asked
    assert grouped.resolve(token).groups == ("oidc:a", "oidc:b", "system:authenticated")

    assert local_issuer.bearers[-1] == "Bearer f005ba11"
    assert grouped.verify(token) is grouped.resolve(token)  # remembered
    assert local_issuer.asked.count("/claims?of=jane") == 1


def test_groups_in_the_token_count_before_those_elsewhere(grouped, distributed, local_issuer):
    assert grouped.verify(distributed(groups=["here"])).groups == ("oidc:here", "system:authenticated")


@pytest.mark.parametrize(
    "answer, why",
    [
        (None, "answered 404"),
        ("no token", "is no JWT of an issuer"),
        ({}, "did not contain claim: groups"),
        ({"aud": "them"}, "Audience doesn't match"),
        ({"exp": 1}, "Signature has expired"),
        ({"iss": "http://127.0.0.1"}, "is no JWT of an issuer with an https URL"),
        ({"iss": "https://127.0.0.1:1"}, 'issuer "https://127.0.0.1:1" is not initialized'),
    ],
)
def test_what_is_fetched_must_be_right(grouped, distributed, local_issuer, answer, why):
    found = local_issuer.token(**answer) if isinstance(answer, dict) else answer
    local_issuer.sources["/claims"] = found

    with pytest.raises(Unauthorized, match=why):
        grouped.resolve(distributed("/claims"))


def test_a_forged_claim_is_refused(grouped, distributed, local_issuer):
    token = distributed("/claims")
    local_issuer.rotate("first")
    local_issuer.sources["/claims"] = local_issuer.token(groups=["system:masters"])

    with pytest.raises(Unauthorized, match="Signature verification failed"):
        grouped.resolve(token)


def test_the_claim_may_be_of_another_issuer(grouped, distributed, local_issuer, tmp_path):
    token = distributed("/claims")
    local_issuer.url += "/other"  # its discovery document names this issuer now
    local_issuer.sources["/claims"] = local_issuer.token(groups="a")
    local_issuer.answer = lambda path, answer=local_issuer.answer: answer(path.removeprefix("/other"))

    assert grouped.resolve(token).groups == ("oidc:a", "system:authenticated")
