from __future__ import annotations

import json

import pytest

from sampan_auth.oidc.providers import AGAIN, REFRESH, ProviderKeys, fetch

KEY = {
    "kty": "EC", "crv": "P-256", "kid": "a", "use": "sig",
    "x": "WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis", "y": "y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE",
}  # fmt: skip


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Network:
    """Answers, and counts what it is asked."""

    def __init__(self, issuer="https://issuer.example", keys=(KEY,), uri="https://issuer.example/keys"):
        self.asked, self.failing = [], False
        self.answers = {"keys": {"keys": list(keys)}, "configuration": {"issuer": issuer, "jwks_uri": uri}}

    def __call__(self, url, authorities):
        self.asked.append(url)
        if self.failing:
            raise OSError("connection refused")
        return json.dumps(self.answers["keys" if url.endswith("keys") else "configuration"]).encode()


def test_keys_are_fetched_by_discovery_and_kept_for_an_hour(issuer_of):
    network, clock = Network(), Clock()
    keys = ProviderKeys(issuer_of(), network, clock)
    assert not keys.ready

    keys.refresh()
    keys.refresh()

    assert keys.ready and keys.find("a") is not None
    assert network.asked == ["https://issuer.example/.well-known/openid-configuration", "https://issuer.example/keys"]
    clock.now += REFRESH + 1
    keys.refresh()
    assert len(network.asked) == 4


def test_an_unknown_key_is_fetched_soon_but_not_at_once(issuer_of):
    network, clock = Network(), Clock()
    keys = ProviderKeys(issuer_of(), network, clock)
    keys.refresh()

    assert keys.find("new") is None
    keys.refresh()
    assert len(network.asked) == 2
    clock.now += AGAIN
    keys.refresh()
    assert len(network.asked) == 4


def test_the_only_key_counts_for_tokens_that_name_none(issuer_of):
    one, two = ProviderKeys(issuer_of(), Network()), ProviderKeys(issuer_of(), Network(keys=[KEY, {**KEY, "kid": "b"}]))
    one.refresh()
    two.refresh()

    assert one.find("") is not None and two.find("") is None


def test_a_discovery_url_of_its_own_is_used(issuer_of):
    network = Network()
    ProviderKeys(issuer_of(issuer={"discoveryURL": "https://inside/configuration"}), network).refresh()

    assert network.asked[0] == "https://inside/configuration"


@pytest.mark.parametrize(
    "network, why",
    [
        (Network(issuer="https://mallory"), "names the issuer 'https://mallory'"),
        (Network(uri="http://issuer.example/keys"), "provider did not return JWKS URL"),
        (Network(uri=7), "provider did not return JWKS URL"),
    ],
)
def test_what_discovery_must_not_say_is_logged_and_tried_again(issuer_of, caplog, network, why):
    clock = Clock()
    keys = ProviderKeys(issuer_of(), network, clock)

    keys.refresh()

    assert why in caplog.text and not keys.ready


def test_an_issuer_that_is_down_keeps_its_keys(issuer_of, caplog):
    network, clock = Network(), Clock()
    keys = ProviderKeys(issuer_of(), network, clock)
    keys.refresh()
    network.failing = True
    clock.now += REFRESH + 1

    keys.refresh()

    assert keys.find("a") is not None
    assert "connection refused" in caplog.text


def test_keys_of_unknown_types_and_for_encryption_are_left_out(issuer_of):
    keys = ProviderKeys(issuer_of(), Network(keys=[{"kty": "odd", "kid": "x"}, {**KEY, "use": "enc"}, "nonsense"]))

    keys.refresh()

    assert keys.ready and keys.find("x") is None and keys.find("a") is None


def test_a_real_issuer_is_asked_over_tls_that_is_verified(local_issuer):
    found = json.loads(fetch(f"{local_issuer.url}/.well-known/openid-configuration", local_issuer.authority))

    assert found["issuer"] == local_issuer.url
    with pytest.raises(OSError, match="certificate verify failed"):
        fetch(local_issuer.url, "")
