from __future__ import annotations

from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_auth.oidc.configuration import read_configuration


def complaint(text):
    with pytest.raises(ConfigError) as error:
        read_configuration(text, "auth.yaml", ["https://ours"])
    return str(error.value)


def test_several_issuers_are_read(text_of, authenticator_of):
    second = authenticator_of(
        "https://other",
        mappings={
            "groups": {"expression": "claims.roles"},
            "extra": [{"key": "acme.io/team", "valueExpression": "claims.team"}],
        },
        claimValidationRules=[
            {"claim": "hd", "requiredValue": "acme"},
            {"expression": "claims.exp > 0", "message": "no"},
        ],
    )

    found = read_configuration(text_of(authenticator_of(), second), "auth.yaml", [])

    assert [each.url for each in found] == ["https://issuer.example", "https://other"]
    assert (found[0].username.claim, found[0].username.prefix, found[0].audiences) == ("sub", "oidc:", ("us",))
    assert found[1].required == (("hd", "acme"),)
    assert found[1].claim_rules[0].message == "no"
    assert found[1].extra[0][0] == "acme.io/team"


@pytest.mark.parametrize(
    "changed, text",
    [
        ({"url": ""}, "jwt[0].issuer.url: Required value"),
        ({"url": "http://a"}, 'jwt[0].issuer.url: Invalid value: "http://a": URL scheme must be https'),
        ({"url": "https://a?b"}, "URL must not contain a query"),
        ({"url": "https://ours"}, "URL must not overlap with disallowed issuers: [https://ours]"),
        (
            {"issuer": {"audiences": []}},
            "jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required",
        ),
        ({"issuer": {"audiences": ["a", "b"]}}, "audienceMatchPolicy must be MatchAny for multiple audiences"),
        ({"issuer": {"discoveryURL": "https://issuer.example/"}}, "discoveryURL must be different from URL"),
        ({"issuer": {"certificateAuthority": "x"}}, "jwt[0].issuer.certificateAuthority: Invalid value"),
        (
            {"mappings": {"username": {}}},
            "jwt[0].claimMappings.username: Required value: claim or expression is required",
        ),
        (
            {"mappings": {"username": {"claim": "sub"}}},
            "jwt[0].claimMappings.username.prefix: Required value: prefix is required",
        ),
        (
            {"mappings": {"username": {"claim": "sub", "expression": "claims.sub"}}},
            "claim and expression can't both be set",
        ),
        (
            {"mappings": {"username": {"expression": "claims.("}}},
            'jwt[0].claimMappings.username.expression: Invalid value: "claims.(": compilation failed: ',
        ),
        (
            {"mappings": {"username": {"expression": "claims.email"}}},
            "claims.email_verified must be used in claimMappings.username.expression",
        ),
        ({"mappings": {"extra": [{"key": "team", "valueExpression": "'a'"}]}}, "must be a domain-prefixed path"),
        ({"mappings": {"extra": [{"key": "a.k8s.io/b", "valueExpression": "'a'"}]}}, "are reserved for Kubernetes use"),
        ({"mappings": {"extra": [{"key": "a.io/b"}]}}, "jwt[0].claimMappings.extra[0].valueExpression: Required value"),
        (
            {"claimValidationRules": [{}]},
            "jwt[0].claimValidationRules[0]: Required value: claim or expression is required",
        ),
        ({"claimValidationRules": [{"expression": "'a'"}]}, "must evaluate to bool"),
        (
            {"claimValidationRules": [{"claim": "a"}, {"claim": "a"}]},
            'jwt[0].claimValidationRules[1].claim: Duplicate value: "a"',
        ),
        ({"userValidationRules": [{}]}, "jwt[0].userValidationRules[0].expression: Required value"),
        ({"claimValidationRule": []}, "jwt[0].claimValidationRule: Forbidden: unknown field"),
    ],
)
def test_what_is_wrong_is_named(text_of, authenticator_of, changed, text):
    changed = dict(changed)

    assert text in complaint(text_of(authenticator_of(changed.pop("url", "https://issuer.example"), **changed)))


def test_an_issuer_is_named_once(text_of, authenticator_of):
    assert "jwt[1].issuer.url: Duplicate value" in complaint(text_of(authenticator_of(), authenticator_of()))


def test_a_file_may_speak_of_anonymous_callers_alone(text_of):
    assert read_configuration(text_of(anonymous={"enabled": False}), "auth.yaml", []) == []
    assert "anonymous: Invalid value: true" in complaint(text_of(anonymous=True))


@pytest.mark.parametrize(
    "text",
    [b"a: [", b"kind: Other", b"apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: 7"],
)
def test_another_file_is_refused_by_its_name(text):
    assert complaint(text).startswith("auth.yaml: ")


def test_an_email_that_is_checked_is_accepted(issuer_of):
    checked = "claims.email_verified == true ? claims.email : ''"

    assert issuer_of(mappings={"username": {"expression": checked}}).username.expression is not None


def test_the_example_of_the_manual_page_is_a_configuration():
    page = (Path(__file__).parents[4] / "plugins" / "sampan_auth" / "README.md").read_text()
    text = page.partition("```yml\n")[2].partition("```")[0]

    (found,) = read_configuration(text.encode(), "README.md", [])
    assert found.url == "https://login.example.org"
