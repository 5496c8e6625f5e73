"""Conversion by another server."""

import json

import pytest
from crd_samples import complete, definition

from sampan.errors import InternalError
from sampan_crds.webhook import BadAnswer, WebhookStrategy, taken
from sampan_testing.shelves import Shelf
from sampan_testing.webhooks import WebhookServer
from sampan_webhookclient.client import WebhookClient

BOAT = {
    "apiVersion": "toys.example/v1", "kind": "Boat", "metadata": {"name": "a", "namespace": "n", "uid": "u"},
    "spec": {"crew": 1},
}  # fmt: skip
SUCCESS = {"status": "Success"}


def converted(review):
    return [{**obj, "apiVersion": review["request"]["desiredAPIVersion"]} for obj in review["request"]["objects"]]


def ask(answer, *objects, versions=("v1",)):
    with WebhookServer(lambda path, review: answer(review)) as server:
        webhook = {"clientConfig": server.client_config("/convert"), "conversionReviewVersions": list(versions)}
        crd = complete(definition(conversion={"strategy": "Webhook", "webhook": webhook}))
        client = WebhookClient()
        try:
            return WebhookStrategy(crd, Shelf(), client)(objects or (BOAT,), "toys.example/v2"), server.requests
        finally:
            client.close()


def test_many_objects_are_one_question():
    found, requests = ask(lambda review: {"result": SUCCESS, "convertedObjects": converted(review)}, BOAT, BOAT)

    assert [each["apiVersion"] for each in found] == ["toys.example/v2"] * 2
    ((path, _, review),) = requests
    assert path == "/convert"
    assert review["apiVersion"] == "apiextensions.k8s.io/v1"
    assert len(review["request"]["objects"]) == 2


def test_the_first_version_that_is_known_is_spoken():
    _, ((_, _, review),) = ask(
        lambda review: {"result": SUCCESS, "convertedObjects": converted(review)}, versions=("v9", "v1beta1", "v1")
    )

    assert review["apiVersion"] == "apiextensions.k8s.io/v1beta1"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"result": {"status": "Failure", "message": "no way"}}, "failed: no way"),
        ({"result": {"status": "Failure"}}, "response.result.status was 'Failure', not 'Success'"),
        ({"result": SUCCESS, "convertedObjects": []}, "returned 0 objects, expected 1"),
        ({"uid": "other", "result": SUCCESS}, "expected response.uid="),
        ({"result": SUCCESS, "convertedObjects": [BOAT]}, "invalid groupVersion"),
        (500, "status code 500"),
        (b"{}", "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got , Kind="),
        (b"[]", "the response is not an object"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told(answer, words):
    with pytest.raises(InternalError) as caught:
        ask(lambda review: json.loads(json.dumps(answer)) if isinstance(answer, dict) else answer)

    assert caught.value.message.startswith("conversion webhook for toys.example/v1, Kind=Boat ")
    assert words in caught.value.message


def test_a_server_that_is_away_is_told():
    webhook = {"clientConfig": {"url": "https://127.0.0.1:1/x"}, "conversionReviewVersions": ["v1"]}
    crd = complete(definition(conversion={"strategy": "Webhook", "webhook": webhook}))

    client = WebhookClient()
    with pytest.raises(InternalError, match=r'failed: Post "https://127.0.0.1:1/x": .*connection refused'):
        WebhookStrategy(crd, Shelf(), client)([BOAT], "toys.example/v2")
    client.close()


def test_labels_and_annotations_are_the_webhooks_to_change_and_nothing_else_of_metadata():
    answer = {**BOAT, "apiVersion": "v2", "metadata": {**BOAT["metadata"], "labels": {"a": "b"}, "finalizers": ["x/y"]}}

    assert taken(BOAT, answer, "v2")["metadata"] == {**BOAT["metadata"], "labels": {"a": "b"}}


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (None, "missing metadata"),
        ({"name": "b", "namespace": "n", "uid": "u"}, "must have the same name: a != b"),
        ({"name": "a", "namespace": "n", "uid": "v"}, "must have the same UID"),
        ({**BOAT["metadata"], "labels": {"a": 1}}, "must be a string"),
        ({**BOAT["metadata"], "labels": {"a b": "c"}}, "metadata.labels"),
    ],
)
def test_metadata_that_cannot_be_taken(metadata, words):
    with pytest.raises(BadAnswer, match=words):
        taken(BOAT, {**BOAT, "apiVersion": "v2", "metadata": metadata}, "v2")
