import json

import pytest

from sampan.errors import Forbidden
from sampan_csi.tokens import KEY, DriverTokens
from sampan_volumes.contracts import VolumeFailure

POD = {"metadata": {"name": "web", "namespace": "default", "uid": "u"}, "spec": {"serviceAccountName": "me"}}


class Accounts:
    def __init__(self):
        self.asked, self.refuses = [], False

    def create(self, resource, request, namespace, *, subresource, name):
        if self.refuses:
            raise Forbidden("audience not found")
        self.asked.append((namespace, name, request["spec"]))
        return {"status": {"token": f"t{len(self.asked)}", "expirationTimestamp": "1970-01-01T01:00:00Z"}}


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def tokens(accounts, now):
    return DriverTokens(accounts, lambda: now[0])


def about(**more):
    return {"spec": {"tokenRequests": [{"audience": "a", "expirationSeconds": 3600}, {"audience": ""}], **more}}


def test_no_token_is_asked_for_where_the_driver_wants_none(tokens, accounts):
    assert tokens.context_and_secrets(POD, {}) == ({}, {})
    assert not accounts.asked


def test_tokens_are_bound_to_the_pod_and_kept_until_most_of_their_life_is_over(tokens, accounts, now):
    context, secrets = tokens.context_and_secrets(POD, about())
    now[0] = 2800.0
    assert tokens.context_and_secrets(POD, about()) == (context, {}) and not secrets

    assert json.loads(context[KEY]) == {
        "a": {"token": "t1", "expirationTimestamp": "1970-01-01T01:00:00Z"},
        "": {"token": "t2", "expirationTimestamp": "1970-01-01T01:00:00Z"},
    }
    namespace, name, spec = accounts.asked[0]
    assert (namespace, name, spec["audiences"]) == ("default", "me", ["a"])
    assert spec["boundObjectRef"] == {"kind": "Pod", "apiVersion": "v1", "name": "web", "uid": "u"}
    assert accounts.asked[1][2]["audiences"] == []

    now[0] = 2900.0
    renewed, _ = tokens.context_and_secrets(POD, about())
    assert json.loads(renewed[KEY])["a"]["token"] == "t3"


def test_a_driver_may_want_its_tokens_among_the_secrets(tokens):
    context, secrets = tokens.context_and_secrets(POD, about(serviceAccountTokenInSecrets=True))

    assert not context and "a" in json.loads(secrets[KEY])


def test_a_refusal_of_the_api_is_told(tokens, accounts):
    accounts.refuses = True

    with pytest.raises(VolumeFailure, match="failed to get a service account token for the driver: audience not found"):
        tokens.context_and_secrets(POD, about())
