from __future__ import annotations

import base64

import pytest

from sampan.contracts.access import Credentials
from sampan.errors import ConfigError, Unauthorized
from sampan_auth.accounts import AccountTokens
from sampan_auth.bearer import Bearer
from sampan_auth.keys import Keys
from sampan_auth.static import read_tokens
from sampan_machinery.resources import SECRETS
from sampan_testing.shelves import Shelf

ISSUER = "https://issuer"


def text(**data):
    return {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in data.items()}


def bootstrap_secret(**more):
    data = {"token_id": "abcdef", "token_secret": "0123456789abcdef", "usage_bootstrap_authentication": "true", **more}
    metadata = {"name": "bootstrap-token-abcdef", "namespace": "kube-system"}
    return SECRETS, {"metadata": metadata, "type": "bootstrap.kubernetes.io/token", "data": text(**data)}


def bearer(*objects, static=None):
    shelf = Shelf(objects)
    return Bearer(shelf, AccountTokens(shelf, Keys(), ISSUER), [ISSUER], static=static)


def showing(token="", **headers):
    if token:
        headers["authorization"] = f"Bearer {token}"
    return Credentials(headers, None, "")


def test_no_token_is_none_of_its_business():
    assert bearer().authenticate(showing()) is None


def test_an_unknown_token_is_refused():
    for token in ("nonsense", "a.b.c", "é.é.é"):
        with pytest.raises(Unauthorized, match="invalid bearer token"):
            bearer().authenticate(showing(token))


def test_a_token_from_the_file_is_known(tmp_path):
    file = tmp_path / "tokens.csv"
    file.write_text('s3cret,load,7,"system:masters, other"\n\nplain,joe,8\n')
    known = bearer(static=read_tokens(file))

    user = known.authenticate(showing("s3cret"))

    assert (user.name, user.uid, user.groups) == ("load", "7", ("system:masters", "other", "system:authenticated"))
    assert known.authenticate(showing("plain")).groups == ("system:authenticated",)


def test_a_bad_line_is_named(tmp_path):
    (tmp_path / "tokens.csv").write_text("a,b,c\nonly-a-token\n")

    with pytest.raises(ConfigError, match=r"tokens\.csv:2"):
        read_tokens(tmp_path / "tokens.csv")


def test_a_websocket_may_carry_the_token_as_a_subprotocol(tmp_path):
    (tmp_path / "t").write_text("s3cret,load,7\n")
    encoded = base64.urlsafe_b64encode(b"s3cret").decode().rstrip("=")
    shown = {"sec-websocket-protocol": f"base64url.bearer.authorization.k8s.io.{encoded}, v5.channel.k8s.io"}

    assert bearer(static=read_tokens(tmp_path / "t")).authenticate(Credentials(shown, None, "")).name == "load"


def test_a_bootstrap_token_introduces_a_node():
    secret = bootstrap_secret(auth_extra_groups="system:bootstrappers:a,system:masters")

    user = bearer(secret).authenticate(showing("abcdef.0123456789abcdef"))

    assert user.name == "system:bootstrap:abcdef"
    assert user.groups == ("system:bootstrappers", "system:bootstrappers:a", "system:authenticated")


@pytest.mark.parametrize(
    "more",
    [
        {"expiration": "2020-01-01T00:00:00Z"},
        {"expiration": "some day"},
        {"usage_bootstrap_authentication": "false"},
        {"token_secret": "fedcba9876543210"},
    ],
)
def test_a_bootstrap_token_that_does_not_serve_is_refused(more):
    with pytest.raises(Unauthorized):
        bearer(bootstrap_secret(**more)).authenticate(showing("abcdef.0123456789abcdef"))
