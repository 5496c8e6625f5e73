from __future__ import annotations

import json

import pytest

from sampan_audit.bodies import as_object, complete, without_managed_fields
from sampan_audit.policy import METADATA, REQUEST, RESPONSE
from sampan_machinery.protobuf import encoding as protobuf

ANSWER = json.dumps(
    {"kind": "Pod", "metadata": {"name": "web", "uid": "7", "resourceVersion": "3", "managedFields": [{}]}}
).encode()
SENT = b'{"metadata": {"generateName": "w"}}'


def completed(level, *, sent=SENT, answer=ANSWER, media="application/json", code=201, verb="create", keep=False):
    event = {"verb": verb, "objectRef": {"resource": "pods"}, "responseStatus": {"code": code}}
    complete(event, level, sent, media, answer, managed_fields=keep)
    return event


def test_at_metadata_the_new_name_is_all_that_is_taken_from_the_answer():
    event = completed(METADATA)

    assert event["objectRef"] == {"resource": "pods", "name": "web", "uid": "7", "resourceVersion": "3"}
    assert "requestObject" not in event and "responseObject" not in event


def test_bodies_are_there_from_their_levels_on():
    assert completed(REQUEST)["requestObject"] == {"metadata": {"generateName": "w"}}
    assert "responseObject" not in completed(REQUEST)
    assert completed(RESPONSE)["responseObject"]["metadata"] == {"name": "web", "uid": "7", "resourceVersion": "3"}
    assert "managedFields" in completed(RESPONSE, keep=True)["responseObject"]["metadata"]


def test_an_answer_in_protobuf_is_logged_as_its_json():
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "uid": "7", "resourceVersion": "3"}}
    answer = protobuf.encode(obj)

    event = completed(METADATA, answer=answer)
    assert event["objectRef"] == {"resource": "pods", "name": "web", "uid": "7", "resourceVersion": "3"}
    shown = completed(RESPONSE, answer=answer, verb="get", code=200)["responseObject"]
    assert (shown["kind"], shown["metadata"]) == ("Pod", obj["metadata"])
    assert "responseObject" not in completed(RESPONSE, answer=answer[:40])


def test_a_refusal_says_why():
    status = b'{"kind": "Status", "message": "no", "reason": "Forbidden", "code": 403}'

    event = completed(METADATA, answer=status, code=403, verb="get")

    assert event["responseStatus"] == {"code": 403, "status": "Failure", "message": "no", "reason": "Forbidden"}


@pytest.mark.parametrize(
    "data, media, value",
    [
        (b"[1]", "application/json-patch+json", [1]),
        (b"a: 1", "application/apply-patch+yaml", {"a": 1}),
        (b"{", "application/json", "1 bytes of application/json that cannot be read"),
        (
            b"k8s",
            "application/vnd.kubernetes.protobuf",
            "3 bytes of application/vnd.kubernetes.protobuf that cannot be read",
        ),
        (b"\xff", "text/plain", "1 bytes of text/plain that cannot be read"),
    ],
)
def test_a_body_of_any_kind_becomes_a_value(data, media, value):
    assert as_object(data, media) == value


def test_managed_fields_of_lists_go_too():
    found = {"items": [{"metadata": {"name": "a", "managedFields": []}}, "odd"]}

    assert without_managed_fields(found, keep=False) == {"items": [{"metadata": {"name": "a"}}, "odd"]}


def test_a_path_that_is_no_resource_has_no_bodies():
    event = {"verb": "get"}

    complete(event, RESPONSE, SENT, "application/json", ANSWER, managed_fields=True)

    assert event == {"verb": "get"}
