from __future__ import annotations

import json

from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Delegated
from sampan_machinery.openapi import Documents
from sampan_machinery.openapi.descriptions import Given
from sampan_machinery.schema import load
from sampan_server.publish import joined as publishing

OWN = Documents(
    [Kind(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)], load(), Given({})
)
PATH = "/apis/g.example/v1/things"
DOCUMENT = json.dumps({"paths": {PATH: {"get": {"responses": {}}}}}).encode()


def delegated(*answers, **more):
    """Its server gives these answers, one at each request."""
    left = iter(answers)
    return Delegated(group="g.example", version="v1", openapi="ABC", openapi_v2=lambda: next(left), **more)


def test_who_does_not_answer_or_has_none_is_not_asked():
    found = publishing.asked([delegated(stale=True), Delegated(group="g", version="v1"), (kept := delegated())])

    assert found == [kept]


def test_a_document_is_asked_for_once():
    joined = publishing.Joined(OWN, [delegated(DOCUMENT)])
    assert not joined.is_made("v2")

    documents, complete = joined.documents()

    assert complete
    assert PATH in json.loads(documents.v2())["paths"]
    assert joined.is_made("v2")
    assert joined.documents()[0] is documents


def test_a_server_that_did_not_answer_is_asked_again():
    now = [0.0]
    joined = publishing.Joined(OWN, [delegated(None, DOCUMENT)], clock=lambda: now[0])
    first, complete = joined.documents()
    assert (joined.documents()[0], complete) == (first, False)  # not for each request

    now[0] = publishing.AGAIN

    assert joined.documents()[1]
    assert first.etag("v2") != joined.documents()[0].etag("v2")


def test_what_cannot_be_read_is_logged_and_left_out(caplog):
    documents, complete = publishing.Joined(OWN, [delegated(b"7")]).documents()

    assert complete
    assert documents.etag("v2") == OWN.etag("v2")
    assert "g.example/v1 is not joined" in caplog.text


def test_the_tag_follows_what_the_servers_have():
    one, other = publishing.Joined(OWN, [delegated()]), publishing.Joined(OWN, [delegated(priority=7)])

    assert one.etag() == other.etag()
    assert one.etag() != publishing.Joined(OWN, []).etag()
