"""A review is posted, again where that may help, and so many at a time."""

import json
import threading

import pytest

from sampan.errors import TooManyRequests
from sampan_webhookaccess import asking
from sampan_webhookaccess.asking import PAUSES, Asking, Unanswered
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply

REVIEW = {"kind": "TokenReview", "apiVersion": "x/v1", "spec": {}}
GOOD = Reply(200, json.dumps({"kind": "TokenReview", "status": {"a": 1}}).encode())


class Server:
    def call(self, body, seconds, query=""):
        return (body, seconds, query)


class Client:
    def __init__(self, *answers):
        self.answers, self.calls = list(answers), []

    def call(self, call):
        self.calls.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def asked(*answers):
    client, slept = Client(*answers), []
    return Asking(client, Server(), slept.append), client, slept


def test_the_status_of_the_answer_is_returned():
    found, client, slept = asked(GOOD)

    assert found.status(REVIEW) == {"a": 1}
    assert (json.loads(client.calls[0][0]), client.calls[0][2], slept) == (REVIEW, "timeout=10s", [])


@pytest.mark.parametrize("first", [CallFailed("refused"), Reply(503, b""), Reply(429, b"")])
def test_what_may_go_away_is_tried_again(first):
    found, _, slept = asked(first, first, GOOD)

    assert found.status(REVIEW) == {"a": 1}
    assert slept == list(PAUSES[:2])


@pytest.mark.parametrize(
    "answers",
    [
        [CallFailed("late", timed_out=True)], [Reply(401, b"")], [CallFailed("refused")] * 4, [Reply(500, b"")] * 4,
        [Reply(200, b"{")], [Reply(200, b"[]")], [Reply(200, b'{"kind":"Other","status":{}}')],
        [Reply(200, b'{"kind":"TokenReview"}')],
    ],
)  # fmt: skip
def test_what_is_of_no_use_is_told(answers):
    found, client, _ = asked(*answers)

    with pytest.raises(Unanswered):
        found.status(REVIEW)
    assert client.answers == []


def test_too_many_at_once_are_refused(monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    entered, go = threading.Event(), threading.Event()

    class Slow(Client):
        def call(self, call):
            entered.set()
            go.wait(60)
            return GOOD

    found = Asking(Slow(), Server())
    thread = threading.Thread(target=lambda: found.status(REVIEW))
    thread.start()
    entered.wait(60)

    with pytest.raises(TooManyRequests):
        found.status(REVIEW)
    go.set()
    thread.join()
    assert found.status(REVIEW) == {"a": 1}
