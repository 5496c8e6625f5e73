from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan_certificates.signers import (
    API_CLIENT,
    KUBELET_CLIENT,
    KUBELET_SERVING,
    LEGACY_UNKNOWN,
    PROBLEMS,
)

CLIENT = ("digital signature", "client auth")
SERVER = ("digital signature", "key encipherment", "server auth")


def asked(common_name="system:node:a", organizations=("system:nodes",), **more):
    fields = {"dns_names": (), "addresses": (), "emails": (), "uris": (), **more}
    return SimpleNamespace(common_name=common_name, organizations=organizations, **fields)


@pytest.mark.parametrize(
    "signer, requested, usages, problem",
    [
        (API_CLIENT, asked(), CLIENT, ""),
        (API_CLIENT, asked(), ("server auth", "client auth"), "invalid usage for client certificate: server auth"),
        (API_CLIENT, asked(), CLIENT[:1], "missing required usage for client certificate: client auth"),
        (KUBELET_CLIENT, asked(), CLIENT, ""),
        (KUBELET_CLIENT, asked(), (*CLIENT, "key encipherment"), ""),
        (KUBELET_CLIENT, asked(organizations=()), CLIENT, "subject organization is not system:nodes"),
        (KUBELET_CLIENT, asked(dns_names=("a",)), CLIENT, "DNS subjectAltNames are not allowed"),
        (KUBELET_CLIENT, asked(addresses=("::1",)), CLIENT, "IP subjectAltNames are not allowed"),
        (KUBELET_CLIENT, asked("jane"), CLIENT, "subject common name does not begin with system:node:"),
        (
            KUBELET_CLIENT, asked(), SERVER,
            "usages did not match [client auth digital signature key encipherment]",
        ),
        (KUBELET_SERVING, asked(dns_names=("a",)), SERVER, ""),
        (KUBELET_SERVING, asked(addresses=("::1",)), SERVER[::2], ""),
        (KUBELET_SERVING, asked(), SERVER, "DNS or IP subjectAltName is required"),
        (KUBELET_SERVING, asked(dns_names=("a",), uris=("b",)), SERVER, "URI subjectAltNames are not allowed"),
        (
            KUBELET_SERVING, asked("jane", dns_names=("a",)), SERVER,
            "subject common name does not begin with system:node:",
        ),
        (LEGACY_UNKNOWN, asked("jane", ()), ("any",), ""),
    ],
)  # fmt: skip
def test_each_signer_says_why_it_does_not_sign(signer, requested, usages, problem):
    assert PROBLEMS[signer](requested, usages) == problem
