from __future__ import annotations

import base64

import pytest

from sampan.contracts.reconciling import Key, Remove, Requeue
from sampan_certificates.cleaning import HOUR, Cleaner
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS
from sampan_testing.shelves import Shelf

NOW = 1_800_000_000.0
CERTIFICATE = base64.b64encode(b"x").decode()


def decide(request, ends=NOW + HOUR):
    observed = Shelf([(REQUESTS, request)], now=NOW)
    return Cleaner(lambda pem: ends).decide(Key("", request["metadata"]["name"]), observed)


def old(make, type, age, **status):
    condition = {"type": type, "status": "True", "lastUpdateTime": now_text(NOW - age)}
    return make(status={"conditions": [condition], **status})


@pytest.mark.parametrize("type", ["Denied", "Failed"])
def test_a_refused_request_goes_after_an_hour(make, type):
    assert decide(old(make, type, HOUR + 1)) == [Remove(REQUESTS, "one", uid="uid-one")]
    assert decide(old(make, type, HOUR - 10)) == [Requeue(11.0)]


def test_an_issued_one_goes_after_an_hour_or_with_its_certificate(make):
    assert decide(old(make, "Approved", HOUR + 1, certificate=CERTIFICATE)) == [Remove(REQUESTS, "one", uid="uid-one")]
    assert decide(old(make, "Approved", 5, certificate=CERTIFICATE), NOW - 1) == [
        Remove(REQUESTS, "one", uid="uid-one")
    ]
    assert decide(old(make, "Approved", 5, certificate=CERTIFICATE), None) == [Requeue(HOUR - 4)]


def test_one_that_is_not_issued_goes_after_a_day(make):
    pending = make()
    pending["metadata"]["creationTimestamp"] = now_text(NOW - 24 * HOUR - 1)

    assert decide(pending) == [Remove(REQUESTS, "one", uid="uid-one")]
    assert decide(old(make, "Approved", 2 * HOUR)) == [Requeue(22 * HOUR + 1)]


def test_one_without_times_stays(make):
    assert decide(make(status={"conditions": [{"type": "Denied", "status": "True"}]})) == []
