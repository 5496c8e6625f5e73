from __future__ import annotations

import base64

import pytest

from sampan.contracts.kinds import Draft
from sampan_config.secrets import default, prepare, validate


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def problems(new, old=None):
    return [p.path for p in validate({"metadata": {"name": "s"}, "type": "Opaque", **new}, old)]


def test_string_data_moves_over_data():
    secret = {"data": {"a": encoded("old"), "b": encoded("kept")}, "stringData": {"a": "neu ü"}}

    default(secret)

    assert secret == {"data": {"a": encoded("neu ü"), "b": encoded("kept")}, "type": "Opaque"}


def test_a_secret_is_opaque_unless_it_says_otherwise():
    secret: dict[str, str] = {}
    default(secret)

    assert secret == {"type": "Opaque"}


def test_an_update_need_not_repeat_the_type_and_may_not_change_it():
    old = {"metadata": {}, "type": "example.com/mine"}
    secret: dict[str, str] = {}
    prepare(Draft(secret, old, "", "jane"))

    assert secret["type"] == "example.com/mine"
    assert problems({"type": "example.com/mine"}, old) == []
    assert problems({"type": "Opaque"}, old) == ["type"]


@pytest.mark.parametrize(
    ("kind", "data", "paths"),
    [
        ("kubernetes.io/tls", {"tls.crt": ""}, ["data[tls.key]"]),
        ("kubernetes.io/ssh-auth", {}, ["data[ssh-privatekey]"]),
        ("kubernetes.io/basic-auth", {}, ["data[username]", "data[password]"]),
        ("kubernetes.io/basic-auth", {"username": ""}, []),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded("{}")}, []),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded("no")}, ["data[.dockerconfigjson]"]),
        ("kubernetes.io/service-account-token", {}, ["metadata.annotations[kubernetes.io/service-account.name]"]),
        ("example.com/any", {}, []),
    ],
)
def test_a_built_in_type_asks_for_its_keys(kind, data, paths):
    assert problems({"type": kind, "data": data}) == paths


def test_what_is_wrong_with_a_value_is_said_without_the_value():
    new = {"metadata": {}, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": encoded("hush")}}

    (problem,) = validate(new, None)

    assert problem.message == 'Invalid value: "<secret contents redacted>": invalid JSON'


def test_sizes_are_those_of_the_values_themselves():
    most = base64.b64encode(b"x" * 1024 * 1024).decode()

    assert problems({"data": {"a": most}}) == []
    assert problems({"data": {"a": most, "b": encoded("x")}}) == ["data"]
