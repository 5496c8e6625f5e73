"""Off until a kubeconfig is named; then a real server knows a caller and says what it may do."""

import json

import pytest
from falcon.testing import TestClient

from sampan.contracts.serving import ServerContext
from sampan_client import kubeconfig
from sampan_testing.cluster import start
from sampan_testing.shelves import Shelf
from sampan_testing.webhooks import WebhookServer
from sampan_webhookaccess import plugin

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def server():
    with WebhookServer(answer) as found:
        yield found


def answer(path, review):
    spec = review["spec"]
    if review["kind"] == "TokenReview":
        user = {"username": spec["token"], "groups": ["webhooked"]}
        return {"authenticated": True, "user": user} if spec["token"] in ("joe", "eve") else {"authenticated": False}
    return {"allowed": spec["user"] == "joe", "reason": "by webhook"}


def files(folder, server):
    file = folder / "webhook.yaml"
    kubeconfig.write(file, server=server.url("/x"), ca=server.authority)
    return {"webhookaccess": {"token_kubeconfig": str(file), "permission_kubeconfig": str(file)}}


def test_it_is_off_until_a_kubeconfig_is_named():
    context = ServerContext("", plugin.Settings(), Shelf())

    assert (plugin.contribute_authenticators(context), plugin.contribute_authorizers(context)) == ([], [])


def test_a_caller_comes_in_by_a_webhook_and_may_what_a_webhook_allows(tmp_path, server):
    only = ("namespaces", "config", "auth", "rbac", "webhookaccess")
    with start(only=only, control=False, settings=files(tmp_path, server)) as cluster:
        client = TestClient(cluster.app.wsgi)

        def get(token):
            return client.simulate_get(CONFIG_MAPS, headers={"Authorization": f"Bearer {token}"})

        codes = {token: get(token).status_code for token in ("joe", "eve", "mallory")}
        get("joe")

        assert codes == {"joe": 200, "eve": 403, "mallory": 401}
        assert "by webhook" in get("eve").json["message"]
        sent = [body for _, _, body in server.requests]
        assert len(sent) == len({json.dumps(body) for body in sent})  # none is asked twice
        access = [body["spec"] for body in sent if body["kind"] == "SubjectAccessReview"]
        assert access[0]["groups"] == ["webhooked", "system:authenticated"]
        assert access[0]["resourceAttributes"]["resource"] == "configmaps"
