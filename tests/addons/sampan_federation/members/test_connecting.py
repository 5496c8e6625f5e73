from __future__ import annotations

import pytest

from sampan_federation.members.connecting import config_of

KUBECONFIG = b"""
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: "https://a.example:6443"}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
"""


def cluster(**spec):
    return {"metadata": {"name": "east"}, "spec": {"syncMode": "Push", "apiEndpoint": "https://e.example:6443", **spec}}


def test_karmadas_secret():
    config = config_of(cluster(insecureSkipTLSVerification=True), {"token": b"abc\n", "caBundle": b"PEM"})

    assert (config.server, config.token, config.ca, config.insecure) == ("https://e.example:6443", "abc", b"PEM", True)


def test_a_whole_kubeconfig():
    config = config_of(cluster(), {"kubeconfig": KUBECONFIG})

    assert (config.server, config.token) == ("https://a.example:6443", "t")


@pytest.mark.parametrize(
    ("spec", "data", "words"),
    [
        ({"syncMode": "Pull"}, {"token": b"t"}, "pull mode"),
        ({"proxyURL": "http://p"}, {"token": b"t"}, "behind a proxy"),
        ({"apiEndpoint": ""}, {"token": b"t"}, "no apiEndpoint"),
        ({}, {}, "no token"),
        ({}, {"kubeconfig": b"{"}, "unusable kubeconfig"),
    ],
)
def test_what_is_missing_is_said(spec, data, words):
    with pytest.raises(ConnectionError, match=words):
        config_of(cluster(**spec), data)
