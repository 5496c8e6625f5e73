"""The webhook of tests answers reviews as Kubernetes' webhooks do."""

import json

import pytest

from sampan_testing.webhooks import WebhookServer
from sampan_webhookclient.calls import Call
from sampan_webhookclient.client import WebhookClient
from sampan_webhookclient.destinations import of_config


def ask(server, review):
    client = WebhookClient()
    try:
        return client.call(Call(of_config(server.client_config("/x"), None), json.dumps(review).encode(), 10))
    finally:
        client.close()


@pytest.mark.parametrize(("kind", "place"), [("AdmissionReview", "response"), ("TokenReview", "status")])
def test_a_review_is_answered_in_its_place(kind, place):
    review = {"apiVersion": "x/v1", "kind": kind, "request": {"uid": "1"}}
    with WebhookServer(lambda path, body: {"allowed": path == "/x"}) as server:
        answer = json.loads(ask(server, review).body)

    uid = {"uid": "1"} if place == "response" else {}
    assert answer == {"apiVersion": "x/v1", "kind": kind, place: {**uid, "allowed": True}}
    assert [(path, body) for path, _, body in server.requests] == [("/x", review)]


def test_a_status_and_a_body_are_sent_as_they_are():
    with WebhookServer(lambda path, body: 503) as server:
        assert ask(server, {}).status == 503
    with WebhookServer(lambda path, body: b"odd") as server:
        assert ask(server, {}).body == b"odd"
