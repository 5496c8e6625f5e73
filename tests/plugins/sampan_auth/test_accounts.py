from __future__ import annotations

import base64

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sampan.errors import Unauthorized
from sampan_auth.accounts import LEGACY_ISSUER, AccountTokens
from sampan_auth.bearer import Bearer
from sampan_auth.keys import Keys
from sampan_machinery.resources import PODS, SECRETS
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS
from sampan_testing.shelves import Shelf

ISSUER = "https://issuer"
NOW = 1_800_000_000.0
PRIVATE = ec.generate_private_key(ec.SECP256R1())


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    file = tmp_path_factory.mktemp("pki") / "sa.pub"
    file.write_bytes(public(PRIVATE))
    return Keys(file)


def claims(**more):
    about = {"namespace": "a", "serviceaccount": {"name": "robot", "uid": "u1"}, **more.pop("about", {})}
    return {
        "iss": ISSUER, "sub": "system:serviceaccount:a:robot", "aud": [ISSUER], "exp": NOW + 600, "nbf": 1, "iat": 1,
        "jti": "j1", "kubernetes.io": about, **more,
    }  # fmt: skip


def signed(said, key=PRIVATE, algorithm="ES256"):
    return jwt.encode(said, key, algorithm=algorithm)


def thing(resource, name, uid, **more):
    return resource, {"metadata": {"name": name, "namespace": "a", "uid": uid, **more.pop("metadata", {})}, **more}


@pytest.fixture
def shelf():
    return Shelf([thing(ACCOUNTS, "robot", "u1"), thing(PODS, "web", "p1")])


@pytest.fixture
def tokens(shelf, keys):
    return AccountTokens(shelf, keys, ISSUER, clock=lambda: NOW)


POD = {"about": {"pod": {"name": "web", "uid": "p1"}, "node": {"name": "n1", "uid": "n"}}}


def test_an_account_is_known_by_its_token(tokens):
    user = tokens.verify(signed(claims(**POD))).user

    assert user.name == "system:serviceaccount:a:robot"
    assert user.uid == "u1"
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")
    assert user.extra == {
        "authentication.kubernetes.io/credential-id": ("JTI=j1",),
        "authentication.kubernetes.io/pod-name": ("web",),
        "authentication.kubernetes.io/pod-uid": ("p1",),
        "authentication.kubernetes.io/node-name": ("n1",),
        "authentication.kubernetes.io/node-uid": ("n",),
    }


def test_a_token_of_another_issuer_is_none_of_ours(tokens):
    assert tokens.verify(signed(claims(iss="https://other"))) is None


def test_a_token_signed_with_another_key_is_refused(tokens):
    with pytest.raises(Unauthorized):
        tokens.verify(signed(claims(), ec.generate_private_key(ec.SECP256R1())))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(tokens):
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    body = signed(claims()).split(".")[1]

    with pytest.raises(Unauthorized):
        tokens.verify(f"{header}.{body}.")


def test_rs256_is_understood(shelf, tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "sa.pub").write_bytes(public(key))

    found = AccountTokens(shelf, Keys(tmp_path / "sa.pub"), ISSUER, clock=lambda: NOW)

    assert found.verify(signed(claims(), key, "RS256")).user.uid == "u1"


def test_an_expired_token_is_refused_also_from_memory(shelf, keys):
    now = [NOW]
    tokens = AccountTokens(shelf, keys, ISSUER, clock=lambda: now[0])
    token = signed(claims())
    tokens.verify(token)

    now[0] += 601

    with pytest.raises(Unauthorized, match="expired"):
        tokens.verify(token)


@pytest.mark.parametrize(("resource", "name"), [(ACCOUNTS, "robot"), (PODS, "web")])
def test_a_token_ends_with_what_it_is_bound_to(tokens, shelf, resource, name):
    token = signed(claims(**POD))
    tokens.verify(token)

    shelf.drop(resource, name, "a")

    with pytest.raises(Unauthorized, match="does not exist any more"):
        tokens.verify(token)


def test_another_object_of_the_same_name_does_not_count(tokens, shelf):
    token = signed(claims(**POD))
    tokens.verify(token)

    shelf.put(*thing(PODS, "web", "p2"))

    with pytest.raises(Unauthorized):
        tokens.verify(token)


def test_a_pod_that_has_long_been_deleted_takes_its_token_along(tokens, shelf):
    shelf.put(*thing(PODS, "web", "p1", metadata={"deletionTimestamp": "2027-01-15T07:58:00Z"}))

    with pytest.raises(Unauthorized):
        tokens.verify(signed(claims(**POD)))


def test_claims_without_sense_are_refused(tokens):
    for said in (
        {"kubernetes.io": []},
        {"kubernetes.io": {"namespace": "a"}},
        {"sub": "system:serviceaccount:a:other"},
    ):
        with pytest.raises(Unauthorized):
            tokens.verify(signed({**claims(), **said}))


def test_a_token_for_others_is_not_for_the_api(tokens, shelf):
    bearer = Bearer(shelf, tokens, [ISSUER])
    token = signed(claims(aud=["vault"]))

    with pytest.raises(Unauthorized, match="audiences"):
        bearer.review(token, ())
    assert bearer.review(token, ["vault", "more"])[1] == ("vault",)


def test_a_legacy_token_counts_while_its_secret_holds_it(tokens, shelf):
    prefix = "kubernetes.io/serviceaccount"
    token = signed({
        "iss": LEGACY_ISSUER, "sub": "system:serviceaccount:a:robot", f"{prefix}/namespace": "a",
        f"{prefix}/secret.name": "s", f"{prefix}/service-account.name": "robot",
        f"{prefix}/service-account.uid": "u1",
    })  # fmt: skip
    shelf.put(*thing(SECRETS, "s", "s1", data={"token": base64.b64encode(token.encode()).decode()}))
    assert tokens.verify(token).user.name == "system:serviceaccount:a:robot"

    shelf.put(*thing(SECRETS, "s", "s1", data={"token": ""}))

    with pytest.raises(Unauthorized, match="not the one its Secret holds"):
        tokens.verify(token)


def test_memory_is_bounded(tokens, monkeypatch):
    monkeypatch.setattr("sampan_auth.accounts._MOST", 3)

    for number in range(10):
        tokens.verify(signed(claims(jti=str(number))))

    assert len(tokens._known) == 3
