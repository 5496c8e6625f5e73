from __future__ import annotations

import base64
import json

import pytest

from sampan.errors import ConfigError
from sampan_joining.clusterinfo import Network, parsed, require_routed, verified
from sampan_machinery.bootstrap_tokens import signature

ID, SECRET, HASH = "abcdef", "0123456789abcdef", "sha256:" + "a" * 64
NETWORK = {
    "mode": "routed", "podCidr": "10.244.0.0/16", "nodeCidrMask": 24, "serviceCidr": "10.96.0.0/16",
    "nodePorts": "30000-32767", "domain": "cluster.local",
}  # fmt: skip


def content(network=NETWORK, server="https://192.0.2.1:6443"):
    extensions = [{"name": "sampan.dev/network", "extension": network}] if network else []
    cluster = {
        "server": server, "certificate-authority-data": base64.b64encode(b"PEM").decode(), "extensions": extensions,
    }  # fmt: skip
    return json.dumps({"clusters": [{"name": "", "cluster": cluster}]})


def info(text=None, **more):
    text = content() if text is None else text
    return {"data": {"kubeconfig": text, f"jws-kubeconfig-{ID}": signature(text, ID, SECRET), **more}}


def believed(found, hashes=(HASH,), secret=SECRET):
    return verified(found, ID, secret, hashes, lambda pem: [HASH])


def test_what_is_signed_with_the_token_and_has_the_authority_meant_is_believed():
    found = believed(info())

    assert (found.server, found.authority) == ("https://192.0.2.1:6443", b"PEM")
    assert found.network == Network("routed", "10.244.0.0/16", 24, "10.96.0.0/16", "30000-32767", "cluster.local")


@pytest.mark.parametrize(
    ("given", "how", "words"),
    [
        (info(), {"hashes": ("sha256:" + "b" * 64,)}, "not the one given with --ca-hash"),
        (info(), {"secret": "fedcba9876543210"}, "not signed with this token"),
        ({"data": {"kubeconfig": content()}}, {}, "knows no token abcdef"),
        ({}, {}, "knows no token"),
        (info("not: [yaml"), {}, "cannot be read"),
        (info("clusters: []"), {}, "cannot be read"),
        (info(content(network=None)), {}, "does not describe its network"),
    ],
)
def test_what_is_not_is_refused_in_words(given, how, words):
    with pytest.raises(ConfigError, match=words):
        believed(given, **how)


def test_each_authority_has_to_be_one_that_was_given():
    with pytest.raises(ConfigError, match="ca-hash"):
        verified(info(), ID, SECRET, [HASH], lambda pem: [HASH, "sha256:" + "c" * 64])


def test_an_authority_that_is_none_is_refused():
    def unreadable(pem):
        raise ValueError("no PEM")

    with pytest.raises(ConfigError, match="no usable authority"):
        verified(info(), ID, SECRET, [HASH], unreadable)


def test_a_cluster_of_one_machine_alone_takes_no_others():
    for change, words in (({"mode": "local"}, "network.mode: routed"), ({"serviceCidr": "127.96.0.0/16"}, "loopback")):
        with pytest.raises(ConfigError, match=words):
            require_routed(parsed(content({**NETWORK, **change})).network)
    require_routed(parsed(content()).network)
