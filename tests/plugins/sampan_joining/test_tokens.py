from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_joining.clusterinfo import ClusterInfo, Network
from sampan_joining.tokens import in_json, join_command, new_token, require_reachable, rows, tokens_in
from sampan_machinery.bootstrap_tokens import NODES_GROUP, Token, secret_of
from sampan_pki.issuing import key_hashes, new_authority

NOW = 1_800_000_000.0
GIVEN = {"ttl": "24h", "description": "", "usages": "signing,authentication", "groups": NODES_GROUP}


def made(text="", **given):
    return new_token(text, **{**GIVEN, **given}, now=NOW, pick=lambda letters: letters[0])


def info(server="https://192.0.2.1:6443", mode="routed", authority=b""):
    return ClusterInfo(server, authority, Network(mode, "10.244.0.0/16", 24, "10.96.0.0/16", "", ""))


def test_a_token_is_made_by_chance_and_lasts_a_day():
    assert made() == Token("aaaaaa", "a" * 16, NOW + 86400)


def test_a_given_one_is_taken_and_may_last_for_ever():
    token = made("abcdef.0123456789abcdef", ttl="0", usages="signing", groups="", description="racks")

    assert token == Token("abcdef", "0123456789abcdef", None, ("signing",), (), "racks")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": "short"}, "looks like"),
        ({"ttl": "soon"}, "no duration"),
        ({"usages": "joining"}, "--usages"),
        ({"usages": ""}, "--usages"),
        ({"groups": "system:masters"}, "--groups"),
    ],
)
def test_what_cannot_be_a_token_is_refused_in_words(given, words):
    with pytest.raises(ConfigError, match=words):
        made(**given)


def test_tokens_are_listed_in_order_with_the_time_that_is_left():
    found = tokens_in([
        secret_of(Token("zzzzzz", "0" * 16)), secret_of(Token("aaaaaa", "0" * 16, NOW + 3600, description="one")),
        secret_of(Token("bbbbbb", "0" * 16, NOW - 1)), {"metadata": {"name": "other"}, "data": {}},
    ])  # fmt: skip
    head, *lines = rows(found, NOW)

    assert head[:2] == ("TOKEN", "LEFT")
    assert [line[:2] for line in lines] == [
        (f"aaaaaa.{'0' * 16}", "60m"), (f"bbbbbb.{'0' * 16}", "none"), (f"zzzzzz.{'0' * 16}", "for ever"),
    ]  # fmt: skip
    assert in_json(found[0])["expires"] == NOW + 3600


def test_the_command_that_joins_names_the_server_the_token_and_the_authority():
    authority, _ = new_authority("sampan-ca", days=1)
    (digest,) = key_hashes(authority)

    command = join_command(Token("abcdef", "0" * 16), info(authority=authority))

    assert command == f"sampan join 192.0.2.1:6443 --token abcdef.{'0' * 16} --ca-hash {digest}"


def test_no_command_is_printed_that_would_not_work():
    require_reachable(info())
    for server, mode, words in (
        ("https://127.0.0.1:6443", "routed", "api.advertise"), ("https://192.0.2.1:6443", "local", "network.mode"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            require_reachable(info(server, mode))
