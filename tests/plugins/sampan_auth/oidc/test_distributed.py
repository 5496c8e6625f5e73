import pytest

from sampan.errors import Unauthorized
from sampan_auth.oidc.distributed import ClaimSource, claim_in, source_of

ENDPOINT = {"endpoint": "https://claims.example/jane", "access_token": "secret"}


def claims(names=None, sources=None):
    return {"_claim_names": names or {"groups": "one"}, "_claim_sources": sources or {"one": ENDPOINT}}


def test_the_source_of_a_claim_is_found():
    assert source_of("groups", claims()) == ClaimSource("groups", "https://claims.example/jane", "secret")
    assert source_of("groups", claims(sources={"one": {"endpoint": "https://a"}})) == ClaimSource(
        "groups", "https://a", ""
    )


@pytest.mark.parametrize(
    "claim, found",
    [
        ("", claims()),
        ("groups", {"groups": None, **claims()}),
        ("groups", {}),
        ("teams", claims()),
        ("groups", claims(sources={"one": {"JWT": "a.b.c"}})),
    ],
)
def test_a_claim_that_is_not_distributed_has_none(claim, found):
    assert source_of(claim, found) is None


@pytest.mark.parametrize(
    "found, why",
    [
        (claims(names=["groups"]), "error parsing distributed claim names"),
        (claims(names={"groups": 1}), "error parsing distributed claim names"),
        ({"_claim_names": {"groups": "one"}}, "no claim sources"),
        (claims(sources=["one"]), "could not parse claim sources"),
        (claims(sources={"one": "https://a"}), "could not parse claim sources"),
        (claims(sources={"one": {"endpoint": 1}}), "could not parse claim sources"),
        (claims(sources={"two": ENDPOINT}), "contained a source one missing in _claim_sources"),
        (claims(sources={"one": {"endpoint": "http://a"}}), "must be an https URL"),
        (claims(sources={"one": {"endpoint": "https://a", "access_token": "a\r\nb"}}), "must be an https URL"),
    ],
)
def test_malformed_sources_are_refused(found, why):
    with pytest.raises(Unauthorized, match=f"could not expand distributed claims: .*{why}"):
        source_of("groups", found)


def test_an_answer_without_the_claim_is_refused():
    source = ClaimSource("groups", "https://a", "")

    assert claim_in(source, {"groups": ["a"]}) == ["a"]
    with pytest.raises(Unauthorized, match='endpoint "https://a" did not contain claim: groups'):
        claim_in(source, {})
