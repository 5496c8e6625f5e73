from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from sampan.errors import BadGateway, BadRequest, ConfigError, Unauthorized
from sampan_client.kubeconfig import Config
from sampan_dashboard import oidc
from sampan_dashboard.oidc import Flow, Provider, RenewedConfig, Tokens, challenge, check, claims_of, decoded, is_safe
from sampan_dashboard.plugin import Settings
from sampan_dashboard.sealing import LEAST, Sealer

ISSUER = "https://issuer.example/x"
DISCOVERY = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth?a=b", "token_endpoint": "https://issuer.example/token",
}  # fmt: skip
BACK = "https://dashboard.example/signin/oidc/callback"


def token(**claims):
    body = {"iss": ISSUER, "aud": ["other", "ui"], "exp": 2000, **claims}
    parts = ({"alg": "none"}, {key: value for key, value in body.items() if value is not None}, "signature")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


class Network:
    """A provider: discovery, and what the token endpoint answers next."""

    def __init__(self, discovery=DISCOVERY):
        self.discovery, self.asked, self.answer = discovery, [], {}

    def __call__(self, method, url, form, headers):
        self.asked.append((method, url, form, headers))
        return self.discovery if method == "GET" else self.answer


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def flow(network):
    now = [1000.0]
    made = Flow(Provider(ISSUER, "ui", "s:cret", ("openid", "email")), network, lambda: now[0], lambda: now[0])
    made.now = now
    return made


def begun(flow):
    """(what the provider is given, the browser's binding)."""
    there, binding = flow.begin(BACK, "/l/pods")
    return {key: value[0] for key, value in parse_qs(urlsplit(there).query).items()}, binding


def test_the_code_is_exchanged_with_the_verifier_of_its_challenge(flow, network):
    given, binding = begun(flow)
    network.answer = {"id_token": token(nonce=given["nonce"]), "refresh_token": "again"}

    tokens, goal = flow.finish(BACK, {"state": given["state"], "code": "c"}, binding)

    _, url, form, headers = network.asked[-1]
    assert (given["a"], given["scope"], given["code_challenge_method"]) == ("b", "openid email", "S256")
    assert challenge(form["code_verifier"]) == given["code_challenge"]
    assert (url, form["code"], form["redirect_uri"], form["client_id"]) == (
        DISCOVERY["token_endpoint"], "c", BACK, "ui"
    )  # fmt: skip
    assert base64.b64decode(headers["Authorization"][6:]) == b"ui:s%3Acret"
    assert (tokens.refresh, tokens.expires, goal) == ("again", 2000.0, "/l/pods")


def test_a_state_counts_once_and_not_for_ever(flow, network):
    given, binding = begun(flow)
    network.answer = {"id_token": token(nonce=given["nonce"])}
    flow.finish(BACK, {"state": given["state"], "code": "c"}, binding)
    with pytest.raises(Unauthorized, match="finished already"):
        flow.finish(BACK, {"state": given["state"], "code": "c"}, binding)

    late, binding = begun(flow)
    flow.now[0] += oidc.PENDING_SECONDS
    with pytest.raises(Unauthorized, match="too long"):
        flow.finish(BACK, {"state": late["state"], "code": "c"}, binding)


@pytest.mark.parametrize(
    ("query", "bound", "words"),
    [
        ({}, False, "another browser"),
        ({"error": "access_denied", "error_description": "no"}, True, "access_denied no"),
        ({"iss": "https://mixed.up"}, True, "another provider"),
    ],
)
def test_what_is_not_this_sign_in_is_refused(flow, network, query, bound, words):
    given, binding = begun(flow)

    with pytest.raises(Unauthorized, match=words):
        flow.finish(BACK, {"state": given["state"], "code": "c", **query}, binding if bound else "other")
    assert [asked[0] for asked in network.asked] == ["GET"]


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://other"}, {"aud": "other"}, {"aud": None}, {"exp": 900}, {"exp": "2000"}, {"nonce": "x"}, {}],
)
def test_an_id_token_of_anything_else_is_refused(flow, network, claims):
    given, binding = begun(flow)
    network.answer = {"id_token": token(**claims)}

    with pytest.raises(Unauthorized, match="ID token"):
        flow.finish(BACK, {"state": given["state"], "code": "c"}, binding)


@pytest.mark.parametrize("text", ["", "a.b", "a.!.c", "a.W10.c", "a.b.c.d"])
def test_what_is_no_token_is_said(text):
    with pytest.raises(Unauthorized, match="no ID token"):
        claims_of(text)


def test_a_renewed_token_needs_no_nonce():
    check({"iss": ISSUER, "aud": "ui", "exp": 50}, Provider(ISSUER, "ui"), "", 100.0)


def test_a_session_outlives_its_first_token(flow, network):
    config = RenewedConfig(Config("https://api"), flow, Tokens("first", "again", 1100.0))
    assert config.authorization() == "Bearer first" and network.asked == []

    flow.now[0] = 1080.0
    network.answer = {"id_token": token()}
    assert config.authorization() == f"Bearer {token()}"
    assert network.asked[-1][2]["refresh_token"] == "again"
    assert config.authorization() == f"Bearer {token()}" and len(network.asked) == 2


def test_what_the_provider_takes_back_is_not_asked_for_again(flow, network):
    config = RenewedConfig(Config("https://api"), flow, Tokens("first", "again", 900.0))
    network.answer = {"error": "invalid_grant"}

    assert [config.authorization() for _ in range(2)] == ["Bearer first"] * 2
    assert len(network.asked) == 2


def test_a_provider_that_is_another_is_named(flow, network):
    network.discovery = {**DISCOVERY, "issuer": "https://other"}
    with pytest.raises(BadGateway, match="https://other"):
        flow.begin(BACK, "/")


def test_no_address_without_tls_is_used(flow, network):
    network.discovery = {**DISCOVERY, "authorization_endpoint": "http://issuer.example/auth"}
    with pytest.raises(BadGateway, match="authorization_endpoint"):
        flow.begin(BACK, "/")
    assert [is_safe(url) for url in ("https://a", "http://127.0.0.1:1", "http://a", "javascript:x", "")] == [
        True, True, False, False, False
    ]  # fmt: skip


def test_those_who_never_come_back_are_forgotten(flow, monkeypatch):
    monkeypatch.setattr(oidc, "MOST_PENDING", 2)
    first = begun(flow)
    for _ in range(2):
        begun(flow)

    with pytest.raises(Unauthorized):
        flow.finish(BACK, {"state": first[0]["state"], "code": "c"}, first[1])


def test_an_error_of_oauth_is_an_answer_and_a_page_is_none():
    assert decoded(b'{"error": "invalid_grant"}', 400, "h")["error"] == "invalid_grant"
    for data, status in ((b"<html>", 200), (b"[]", 200), (b"{}", 500)):
        with pytest.raises(BadGateway):
            decoded(data, status, "h")


def test_the_settings_are_checked(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s\n")

    found = oidc.flow_of(Settings(oidc_issuer=ISSUER, oidc_client_id="ui", oidc_client_secret_file=str(secret)))

    assert found is not None and found.provider.client_secret == "s"
    assert oidc.flow_of(Settings()) is None
    wrong = ({}, {"oidc_client_id": "ui", "oidc_client_secret_file": str(tmp_path / "no")},
             {"oidc_client_id": "ui", "oidc_issuer": "http://far.example"})  # fmt: skip
    for each in wrong:
        with pytest.raises(ConfigError):
            oidc.flow_of(Settings(**{"oidc_issuer": ISSUER, **each}))


def test_an_address_without_state_and_code_is_refused():
    oidc.require_code({"state": "s", "error": "e"})
    for query in ({}, {"state": "s"}, {"code": "c"}):
        with pytest.raises(BadRequest):
            oidc.require_code(query)


@pytest.fixture
def sealing(network):
    """The same at two replicas that share a key."""
    now = [1000.0]
    provider, sealer = Provider(ISSUER, "ui"), Sealer(["k" * LEAST])
    return now, *(Flow(provider, network, wall=lambda: now[0], sealer=sealer) for _ in range(2))


def test_a_user_may_come_back_to_another_replica(sealing, network):
    _, one, other = sealing
    given, binding = begun(one)
    network.answer = {"id_token": token(nonce=given["nonce"])}

    tokens, goal = other.finish(BACK, {"state": given["state"], "code": "c"}, binding)

    assert (tokens.expires, goal) == (2000.0, "/l/pods")
    assert challenge(network.asked[-1][2]["code_verifier"]) == given["code_challenge"]
    assert given["state"] not in binding


@pytest.mark.parametrize("wrong", ["state", "binding", "late"])
def test_a_sealed_sign_in_of_another_browser_or_time_is_refused(sealing, network, wrong):
    now, one, other = sealing
    (given, binding), (later, _) = begun(one), begun(one)
    query = {"state": later["state"] if wrong == "state" else given["state"], "code": "c"}
    now[0] += oidc.PENDING_SECONDS if wrong == "late" else 0

    with pytest.raises(Unauthorized, match="begin again"):
        other.finish(BACK, query, "" if wrong == "binding" else binding)
    assert [asked[0] for asked in network.asked] == ["GET"]
