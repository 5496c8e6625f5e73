from __future__ import annotations

import base64

from sampan.contracts.reconciling import Key, Patch, Remove
from sampan_accounts.legacy import fill, secrets_of
from sampan_accounts.resources import TOKEN_TYPE
from sampan_machinery.resources import SECRETS
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS
from sampan_testing.shelves import Shelf

KEY = Key("a", "s")
ROBOT = (ACCOUNTS, {"metadata": {"name": "robot", "namespace": "a", "uid": "u1"}})


def secret(data=None, *, type=TOKEN_TYPE, **annotations):
    notes = {f"kubernetes.io/service-account.{key}": value for key, value in annotations.items()}
    return SECRETS, {
        "metadata": {"name": "s", "namespace": "a", "annotations": notes},
        "type": type,
        "data": data or {},
    }


def decide(*objects):
    return list(fill("PEM", lambda claims: f"signed for {claims['sub']}")(KEY, Shelf(objects)))


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_token_secret_is_filled():
    (action,) = decide(ROBOT, secret(name="robot"))

    assert isinstance(action, Patch)
    assert action.patch["data"] == {
        "ca.crt": encoded("PEM"),
        "namespace": encoded("a"),
        "token": encoded("signed for system:serviceaccount:a:robot"),
    }
    assert action.patch["metadata"]["annotations"] == {"kubernetes.io/service-account.uid": "u1"}


def test_a_full_secret_is_left_alone():
    data = {"ca.crt": encoded("PEM"), "namespace": encoded("a"), "token": encoded("x")}

    assert decide(ROBOT, secret(data, name="robot", uid="u1")) == []


def test_a_secret_whose_account_has_gone_goes_too():
    assert [type(action) for action in decide(secret(name="robot"))] == [Remove]
    assert [type(action) for action in decide(ROBOT, secret(name="robot", uid="u0"))] == [Remove]


def test_other_secrets_are_left_alone():
    assert decide(secret(type="Opaque", name="robot")) == []


def test_an_account_concerns_its_secrets():
    assert secrets_of(ROBOT[1], Shelf([secret(name="robot")])) == [KEY]
    assert secrets_of(ROBOT[1], Shelf([secret(name="other")])) == []
