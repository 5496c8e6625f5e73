"""An API server that knows users of a real issuer."""

from __future__ import annotations

import pytest
from falcon.testing import TestClient

from sampan_testing.cluster import start, until


@pytest.fixture
def server(tmp_path, text_of, authenticator_of, local_issuer):
    issuer = {"certificateAuthority": local_issuer.authority}
    groups = {"groups": {"expression": "claims.roles"}}
    path = tmp_path / "authentication.yaml"
    path.write_bytes(text_of(authenticator_of(local_issuer.url, issuer=issuer, mappings=groups)))
    settings = {"auth": {"authentication_config": str(path)}}
    with start(only=("auth", "config"), control=False, settings=settings) as cluster:
        yield TestClient(cluster.app.wsgi)


def who(server, token):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    return server.simulate_post(path, json={}, headers=headers)


def test_a_user_of_the_issuer_is_known_and_reviewed(server, local_issuer):
    token = local_issuer.token(roles=["dev"])
    answer = until(lambda: (found := who(server, token)).status_code == 201 and found)

    said = answer.json["status"]["userInfo"]
    assert (said["username"], said["groups"]) == ("oidc:jane", ["dev", "system:authenticated"])
    reviewed = server.simulate_post(
        "/apis/authentication.k8s.io/v1/tokenreviews", json={"spec": {"token": token}},
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )  # fmt: skip
    assert reviewed.json["status"]["user"]["username"] == "oidc:jane"
    assert who(server, local_issuer.token(aud="them")).status_code == 401
