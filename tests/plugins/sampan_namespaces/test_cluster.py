"""The four plugins of access together, through the real API server in process."""

from __future__ import annotations

import json
import time

import pytest
from falcon.testing import TestClient

from sampan.contracts.access import User
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import Key
from sampan_accounts import plugin as accounts
from sampan_auth import plugin as auth
from sampan_client import Client
from sampan_config import plugin as config
from sampan_machinery.resources import NAMESPACES
from sampan_memory.store import MemoryStore
from sampan_namespaces import plugin as namespaces
from sampan_namespaces.deletion import empty
from sampan_pki import ensure
from sampan_pods import plugin as pods
from sampan_rbac import plugin as rbac
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_testing.shelves import Shelf

CONTROLLER = User("system:kube-controller-manager", ("system:authenticated",))
EXTRA = {"accounts": accounts, "auth": auth, "config": config, "namespaces": namespaces, "pods": pods, "rbac": rbac}
POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "c", "image": "x"}]},
}


class Api:
    """Requests with a bearer token."""

    def __init__(self, app):
        self.app = app
        self._client = TestClient(app.wsgi)

    def __call__(self, method, path, body=None, *, token="adm"):
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body)
        answer = self._client.simulate_request(method, path, body=data, headers=headers)
        return answer.status_code, answer.json

    def make(self, kind, path, name="", *, version="v1", **more):
        metadata = {"metadata": {"name": name}} if name else {}
        return self("POST", path, {"kind": kind, "apiVersion": version, **metadata, **more})


@pytest.fixture
def api(tmp_path):
    ensure(tmp_path / "pki")
    (tmp_path / "tokens.csv").write_text('adm,admin,,"system:masters"\njane,jane,,devs\n')
    plugins = Plugins(entry_points=[], extra=EXTRA, settings={"auth": {"token_file": "tokens.csv"}})
    app = new_app(plugins, store=MemoryStore(), home=str(tmp_path), options=ClusterOptions(pki=str(tmp_path / "pki")))
    assert plugins.failures() == []
    assert app.failed_bootstrap == []
    yield Api(app)
    app.close()


def test_a_namespace_is_born_with_account_and_certificate(api):
    assert api.make("Namespace", "/api/v1/namespaces", "a")[0] == 201

    assert [it["metadata"]["name"] for it in api("GET", "/api/v1/namespaces/a/serviceaccounts")[1]["items"]] == [
        "default"
    ]
    assert api("GET", "/api/v1/namespaces/a/configmaps/kube-root-ca.crt")[0] == 200
    assert api("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200


def test_an_accounts_token_opens_the_door(api):
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    status, answer = api.make("TokenRequest", path, version="authentication.k8s.io/v1", spec={})
    assert status == 201

    reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}
    who = api("POST", reviews, body, token=answer["status"]["token"])[1]["status"]["userInfo"]
    assert who["username"] == "system:serviceaccount:default:default"
    assert api("GET", "/openid/v1/jwks", token=answer["status"]["token"])[0] == 200


def test_an_unknown_token_is_401_and_a_user_without_rights_403(api):
    assert api("GET", "/api/v1/namespaces", token="nope")[0] == 401
    assert api("GET", "/api/v1/namespaces", token="jane")[0] == 403


def test_a_binding_is_felt_by_the_next_request(api):
    group = "rbac.authorization.k8s.io"
    assert api("GET", "/api/v1/namespaces/default/configmaps", token="jane")[0] == 403

    status, _made = api.make(
        "RoleBinding", f"/apis/{group}/v1/namespaces/default/rolebindings", "b", version=f"{group}/v1",
        roleRef={"kind": "ClusterRole", "name": "admin"}, subjects=[{"kind": "User", "name": "jane"}],
    )  # fmt: skip

    assert status == 201
    assert api("GET", "/api/v1/namespaces/default/configmaps", token="jane")[0] == 200
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"]}
    role = {"kind": "Role", "apiVersion": f"{group}/v1", "metadata": {"name": "r"}, "rules": [rule]}
    status, refused = api("POST", f"/apis/{group}/v1/namespaces/default/roles", role, token="jane")
    assert status == 403
    assert "not currently held" in refused["message"]


def test_a_namespace_ends_in_order_with_the_controllers_own_rights(api):
    api.make("Namespace", "/api/v1/namespaces", "a")
    running = {**POD, "spec": {**POD["spec"], "nodeName": "n"}}
    assert api("POST", "/api/v1/namespaces/a/pods", running)[0] == 201
    assert api("DELETE", "/api/v1/namespaces/a")[1]["status"]["phase"] == "Terminating"
    client = Client.in_process(api.app.wsgi, CONTROLLER)
    observed = Shelf([(NAMESPACES, client.get(NAMESPACES, "a"))], now=time.time())

    assert len(list(empty(Key("", "a"), client, observed))) == 1
    assert api("GET", "/api/v1/namespaces/a/configmaps/kube-root-ca.crt")[0] == 200
    assert len(api("GET", "/api/v1/namespaces/a")[1]["status"]["conditions"]) == 5
    assert api("POST", "/api/v1/namespaces/a/pods", {**POD, "metadata": {"name": "new"}})[0] == 403

    api("DELETE", "/api/v1/namespaces/a/pods/web?gracePeriodSeconds=0")
    assert list(empty(Key("", "a"), client, observed)) == []
    assert api("GET", "/api/v1/namespaces/a")[0] == 404
    assert api("GET", "/api/v1/namespaces/a/configmaps")[1]["items"] == []
