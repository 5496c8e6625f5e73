from __future__ import annotations

import base64

import pytest

from sampan.contracts.reconciling import GiveUp, Key, Update
from sampan_certificates.signing import Signer, validity
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_pki.requests import read_request
from sampan_testing.shelves import Shelf

NOW, YEAR = 1_800_000_000.0, 365 * 86400.0
APPROVED = {"conditions": [{"type": "Approved", "status": "True"}]}
API_CLIENT = "kubernetes.io/kube-apiserver-client"


def decide(request, issue=lambda *asked: b"the certificate"):
    observed = Shelf([(REQUESTS, request)], now=NOW)
    return Signer(read_request, issue, YEAR).decide(Key("", request["metadata"]["name"]), observed)


def test_an_approved_request_is_signed(make):
    asked = []

    def issue(*args):
        asked.append(args)
        return b"the certificate"

    request = make(signer=API_CLIENT, status=APPROVED, expirationSeconds=3600)
    (action,) = decide(request, issue)

    assert (action.resource, action.subresource) == (REQUESTS, "status")
    assert base64.b64decode(action.object["status"]["certificate"]) == b"the certificate"
    assert action.object["status"]["conditions"] == APPROVED["conditions"]
    assert asked[0][1:] == (["client auth"], NOW - 300, NOW + 3600)


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"conditions": [{"type": "Denied", "status": "True"}]},
        {"conditions": [*APPROVED["conditions"], {"type": "Failed", "status": "True"}]},
        {**APPROVED, "certificate": "eA=="},
    ],
)
def test_what_is_not_approved_or_is_done_is_left_alone(make, status):
    assert decide(make(signer=API_CLIENT, status=status)) == []


def test_requests_for_other_signers_are_left_alone(make):
    assert decide(make(status=APPROVED)) == []


def test_a_request_that_the_signer_does_not_sign_fails_for_good(make):
    (action,) = decide(make(signer=API_CLIENT, usages=("server auth",), status=APPROVED))

    assert isinstance(action, Update)
    assert action.object["status"]["conditions"][-1] == {
        "type": "Failed", "status": "True", "reason": "SignerValidationFailure",
        "message": "invalid usage for client certificate: server auth", "lastUpdateTime": "2027-01-15T08:00:00Z",
    }  # fmt: skip


def test_an_authority_that_cannot_sign_is_no_reason_to_try_for_ever(make):
    def issue(*asked):
        raise ValueError("the signer has expired")

    with pytest.raises(GiveUp, match="certificatesigningrequests/one cannot be signed: the signer has expired"):
        decide(make(signer=API_CLIENT, status=APPROVED), issue)


@pytest.mark.parametrize(
    "asked, ends", [(None, NOW + YEAR - 300), (10 * YEAR, NOW + YEAR - 300), (3600, NOW + 3600), (60, NOW + 600)]
)
def test_the_validity_is_what_was_asked_for_within_bounds(asked, ends):
    assert validity(asked, YEAR, NOW) == (NOW - 300, ends)
