from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest

from sampan_audit.webhook import PAUSES, Undelivered, Webhook


class Server:
    """Answers what it is told to, and keeps what it was sent."""

    def __init__(self, *answers):
        self.answers, self.bodies = list(answers), []

    def send(self, method, path, headers, body):
        self.bodies.append(json.loads(body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(status=answer)

    def close(self):
        pass


def webhook(server, pauses=None):
    def pause(seconds):
        if pauses is not None:
            pauses.append(seconds)
        return False

    return Webhook(server, threading.Event(), pause)


def test_events_are_sent_as_a_list():
    server = Server(200)

    webhook(server).send([b'{"auditID":"a"}', b'{"auditID":"b"}'])

    (body,) = server.bodies
    assert (body["kind"], body["apiVersion"]) == ("EventList", "audit.k8s.io/v1")
    assert body["items"] == [{"auditID": "a"}, {"auditID": "b"}]


def test_a_server_that_is_down_is_tried_again_with_growing_pauses():
    pauses = []

    webhook(Server(ConnectionError("refused"), 503, 200), pauses).send([b"{}"])

    assert pauses == list(PAUSES[:2])


def test_it_gives_up_in_the_end():
    server = Server(*[503] * (len(PAUSES) + 1))

    with pytest.raises(Undelivered, match="it answered 503"):
        webhook(server).send([b"{}"])
    assert server.answers == []


def test_a_refusal_for_good_is_not_repeated():
    server = Server(403, 200)

    with pytest.raises(Undelivered, match="it answered 403"):
        webhook(server).send([b"{}"])
    assert server.answers == [200]


def test_the_end_of_the_server_ends_the_tries():
    with pytest.raises(Undelivered):
        Webhook(Server(503), threading.Event(), lambda seconds: True).send([b"{}"])
