from __future__ import annotations

import pytest

from sampan.errors import Unauthorized
from sampan_auth.oidc.claims import user_of

CLAIMS = {"sub": "jane", "email": "j@a.io", "groups": ["dev", "ops"], "team": "blue", "level": 3}


def test_claims_become_a_user_with_prefixes(issuer_of):
    issuer = issuer_of(mappings={"groups": {"claim": "groups", "prefix": "g:"}, "uid": {"claim": "email"}})

    user = user_of(issuer, CLAIMS)

    assert (user.name, user.uid) == ("oidc:jane", "j@a.io")
    assert user.groups == ("g:dev", "g:ops", "system:authenticated")


def test_expressions_make_the_user(issuer_of):
    mappings = {
        "username": {"expression": "claims.sub + '@' + claims.team"},
        "groups": {"expression": "claims.groups.filter(g, g != 'ops')"},
        "uid": {"expression": "string(claims.level)"},
        "extra": [
            {"key": "a.io/team", "valueExpression": "claims.team"},
            {"key": "a.io/none", "valueExpression": "claims.?missing.orValue('')"},
        ],
    }

    user = user_of(issuer_of(mappings=mappings), CLAIMS)

    assert (user.name, user.uid, user.groups) == ("jane@blue", "3", ("dev", "system:authenticated"))
    assert user.extra == {"a.io/team": ("blue",)}


@pytest.mark.parametrize(
    "mappings, claims, why",
    [
        ({}, {"sub": 7}, 'parse username claims "sub"'),
        ({"username": {"claim": "email", "prefix": ""}}, {**CLAIMS, "email_verified": False}, "email not verified"),
        ({"username": {"expression": "claims.level"}}, CLAIMS, "it must return a string"),
        ({"username": {"expression": "''"}}, CLAIMS, "empty username via CEL expression is not allowed"),
        ({"username": {"expression": "claims.missing"}}, CLAIMS, "error evaluating username claim expression"),
        ({"groups": {"claim": "level", "prefix": ""}}, CLAIMS, 'parse groups claim "level"'),
        ({"groups": {"expression": "[1]"}}, CLAIMS, "expression must return a string or a list of strings"),
        ({"uid": {"claim": "level"}}, CLAIMS, "the uid is no string"),
    ],
)
def test_claims_that_do_not_fit_are_refused(issuer_of, mappings, claims, why):
    with pytest.raises(Unauthorized, match=why):
        user_of(issuer_of(mappings=mappings), claims)


def test_one_group_may_be_a_string_and_none_is_none(issuer_of):
    issuer = issuer_of(mappings={"groups": {"claim": "team", "prefix": ""}})

    assert user_of(issuer, CLAIMS).groups == ("blue", "system:authenticated")
    assert user_of(issuer, {"sub": "jane"}).groups == ("system:authenticated",)


@pytest.mark.parametrize(
    "rules, why",
    [
        ({"claimValidationRules": [{"claim": "team", "requiredValue": "red"}]}, "Got = blue, want = red"),
        ({"claimValidationRules": [{"claim": "hd"}]}, "required claim hd not present"),
        ({"claimValidationRules": [{"expression": "claims.level > 5", "message": "too low"}]}, "too low"),
        (
            {"claimValidationRules": [{"expression": "claims.level > 5"}]},
            "validation expression 'claims.level > 5' failed",
        ),
        (
            {"userValidationRules": [{"expression": "!user.username.startsWith('oidc:')", "message": "reserved"}]},
            "reserved",
        ),
        ({"userValidationRules": [{"expression": "user.nothing"}]}, "error evaluating user info validation rule"),
    ],
)
def test_rules_must_hold(issuer_of, rules, why):
    with pytest.raises(Unauthorized, match=why):
        user_of(issuer_of(**rules), CLAIMS)
