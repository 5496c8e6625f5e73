"""What the plugin contributes, from the cluster-wide options."""

from __future__ import annotations

import json

import pytest

from sampan.contracts.options import ClusterOptions
from sampan.contracts.serving import ServerContext
from sampan_auth import plugin
from sampan_pki import ensure


@pytest.mark.parametrize(
    ("options", "base"),
    [
        ({"api_endpoint_ip": "172.17.0.1", "api_port": 6443}, "https://172.17.0.1:6443"),
        ({"api_endpoint_ip": "fd00::1", "api_port": 7443}, "https://[fd00::1]:7443"),
        ({}, "https://127.0.0.1:6443"),
    ],
)
def test_the_keys_are_offered_where_pods_reach_the_server(tmp_path, options, base):
    ensure(tmp_path)
    context = ServerContext(
        str(tmp_path), plugin.Settings(), None, server_url="https://127.0.0.1:6443",
        options=ClusterOptions(pki=str(tmp_path), **options),
    )  # fmt: skip
    routes = {route.path: route for route in plugin.contribute_routes(context)}

    said = json.loads(routes["/.well-known/openid-configuration"].serve(None).body)

    assert said["issuer"] == context.issuer
    assert said["jwks_uri"] == f"{base}/openid/v1/jwks"
