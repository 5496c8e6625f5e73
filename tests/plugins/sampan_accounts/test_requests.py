from __future__ import annotations

from types import SimpleNamespace

import jwt
import pytest

from sampan.errors import BadRequest, Conflict, Invalid, NotFound, ServiceUnavailable
from sampan_accounts.requests import TokenRequests
from sampan_accounts.signing import Signer
from sampan_machinery.resources import NODES, PODS
from sampan_pki import ensure
from sampan_testing.shelves import Shelf

ISSUER = "https://issuer"
ACCOUNT = {"metadata": {"name": "robot", "namespace": "a", "uid": "u1"}}


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki")
    ensure(directory)
    return directory


@pytest.fixture
def requests(pki):
    return TokenRequests(Signer(pki / "sa.key"), ISSUER, clock=lambda: 1_800_000_000.0, new_id=lambda: "j1")


SHELF = Shelf(
    [
        (PODS, {"metadata": {"name": "web", "namespace": "a", "uid": "p1"},
                "spec": {"serviceAccountName": "robot", "nodeName": "n1"}}),
        (PODS, {"metadata": {"name": "other", "namespace": "a", "uid": "p2"}, "spec": {}}),
        (NODES, {"metadata": {"name": "n1", "uid": "n"}}),
    ]
)  # fmt: skip


def ask(requests, **spec):
    call = SimpleNamespace(body=lambda: {"spec": spec}, target=lambda: ACCOUNT, cluster=SHELF, dry_run=False)
    return requests.serve(call)


def test_a_token_is_for_the_api_and_an_hour(requests, pki):
    answer = ask(requests)

    claims = jwt.decode(
        answer["status"]["token"], (pki / "sa.pub").read_bytes(), algorithms=["ES256"], audience=ISSUER,
        options={"verify_iat": False, "verify_nbf": False},
    )  # fmt: skip
    assert claims == {
        "aud": [ISSUER], "exp": 1_800_003_600, "iat": 1_800_000_000, "nbf": 1_800_000_000, "iss": ISSUER, "jti": "j1",
        "sub": "system:serviceaccount:a:robot",
        "kubernetes.io": {"namespace": "a", "serviceaccount": {"name": "robot", "uid": "u1"}},
    }  # fmt: skip
    assert answer["status"]["expirationTimestamp"] == "2027-01-15T09:00:00Z"


def test_a_token_may_hang_on_a_pod_and_tells_its_node(requests):
    token = ask(requests, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "web", "uid": "p1"})["status"][
        "token"
    ]

    said = jwt.decode(token, options={"verify_signature": False})["kubernetes.io"]
    assert (said["pod"], said["node"]) == ({"name": "web", "uid": "p1"}, {"name": "n1", "uid": "n"})


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ({"kind": "Pod", "name": "ghost"}, NotFound),
        ({"kind": "Pod", "name": "web", "uid": "p9"}, Conflict),
        ({"kind": "Pod", "name": "other"}, BadRequest),
        ({"kind": "Job", "name": "web"}, BadRequest),
    ],
)
def test_a_token_hangs_on_nothing_else(requests, ref, error):
    with pytest.raises(error):
        ask(requests, boundObjectRef=ref)


@pytest.mark.parametrize("seconds", [0, 599, -1, 1 << 33])
def test_a_token_has_a_sensible_life(requests, seconds):
    with pytest.raises(Invalid, match=r"spec\.expirationSeconds"):
        ask(requests, expirationSeconds=seconds)


def test_the_key_has_the_name_under_which_it_is_published(requests, pki):
    from sampan_auth.keys import Keys

    token = ask(requests)["status"]["token"]

    assert jwt.get_unverified_header(token)["kid"] == Keys(pki / "sa.pub").all()[0].id


def test_without_a_key_there_is_no_token(tmp_path):
    with pytest.raises(ServiceUnavailable, match="no key"):
        ask(TokenRequests(Signer(tmp_path / "sa.key"), ISSUER))


def test_the_answer_is_about_the_account(requests):
    answer = ask(requests)

    assert (answer["metadata"]["name"], answer["metadata"]["uid"]) == ("robot", "u1")
    assert answer["spec"]["boundObjectRef"] is None
