from __future__ import annotations

import msgspec
import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import NotFound
from sampan_client import Client
from sampan_client.transports import Response
from sampan_federation.execution.discovery import AGAIN, Discovery
from sampan_federation.interpreter.kinds import KindName

WIDGET = KindName("example.com/v1", "Widget")


class Member:
    """Answers discovery with what it is told to."""

    selectable = False

    def __init__(self, *resources, body=b""):
        self.resources, self.body, self.asked = list(resources), body, []

    def send(self, method, path, headers, body):
        self.asked.append(path)
        if self.body:
            return Response(200, {}, self.body)
        return Response(200 if self.resources else 404, {}, msgspec.json.encode({"resources": self.resources}))


def served(name, kind="Widget", namespaced=True):
    return {"name": name, "kind": kind, "namespaced": namespaced}


def test_a_kind_is_asked_for_once():
    member, discovery = Member(served("widgets"), served("widgets/status")), Discovery(lambda: 0.0)

    for _ in range(2):
        assert discovery.resource_of(Client(member), WIDGET) == Resource("example.com", "v1", "widgets", "Widget")
    assert member.asked == ["/apis/example.com/v1"]


def test_a_kind_that_is_missing_is_asked_for_again_after_a_while():
    now = [0.0]
    member, discovery = Member(), Discovery(lambda: now[0])
    for _ in range(3):
        with pytest.raises(NotFound, match="does not serve"):
            discovery.resource_of(Client(member), WIDGET)
    assert len(member.asked) == 1

    member.resources, now[0] = [served("widgets", namespaced=False)], AGAIN

    assert not discovery.resource_of(Client(member), WIDGET).namespaced


@pytest.mark.parametrize("name", ["../../secrets", "a/b", "", "A", "x?y"])
def test_names_that_would_lead_elsewhere_are_not_taken(name):
    with pytest.raises(NotFound):
        Discovery(lambda: 0.0).resource_of(Client(Member(served(name))), WIDGET)


def test_an_answer_that_is_no_json_is_a_member_that_fails():
    with pytest.raises(ConnectionError):
        Discovery(lambda: 0.0).resource_of(Client(Member(body=b"<html>")), WIDGET)
    with pytest.raises(NotFound):
        Discovery(lambda: 0.0).resource_of(Client(Member(body=b"[3]")), WIDGET)


def test_a_version_that_is_none_is_not_asked_for():
    member = Member(served("widgets"))

    with pytest.raises(NotFound):
        Discovery(lambda: 0.0).resource_of(Client(member), KindName("../x", "Widget"))
    assert not member.asked
