"""Bodies are read only if the application accepts the head, within a budget, and at a minimum rate."""

from __future__ import annotations

import time

import pytest

from sampan_http.answers import Reply
from sampan_http.inspection import Inspected
from sampan_testing.cluster import until

POST = b"POST /%s HTTP/1.1\r\nHost: x\r\nX-Who: %s\r\nContent-Length: %d\r\n%s\r\n"


class App:
    """Refuses requests without a name; records the heads and bodies that it gets."""

    def __init__(self):
        self.inspected, self.bodies = [], []

    def inspect_head(self, environ):
        who = environ["HTTP_X_WHO"]
        self.inspected.append(who)
        return Inspected(None, who) if who else Inspected(Reply(401, b"who?"))

    def __call__(self, environ, start):
        self.bodies.append(len(environ["wsgi.input"].read()))
        start("200 OK", [])
        return [b"read"]


def post(talk, who=b"jane", size=100_000, more=b"", sent=0):
    talk.say(POST % (b"", who, size, more) + bytes(sent))


def test_the_body_of_an_unknown_caller_is_not_read(serve):
    app = App()
    running = serve(app)
    talk = running.talk()

    post(talk, who=b"", sent=1000)

    code, headers, body = talk.answer()
    assert (code, body, headers["connection"]) == (401, b"who?", "close")
    assert app.bodies == []
    assert running.server._context.bodies.total == 0


def test_a_client_that_waits_for_100_continue_is_refused_before_it_sends(serve):
    app = App()
    talk = serve(app).talk()

    post(talk, who=b"", more=b"Expect: 100-continue\r\n")

    assert talk.answer()[0] == 401


def test_a_body_that_comes_with_its_head_is_not_inspected(serve):
    app = App()
    talk = serve(app).talk()

    post(talk, size=1000, sent=1000)

    assert talk.answer()[0] == 200
    assert (app.inspected, app.bodies) == ([], [1000])


def test_bodies_have_a_budget_per_account_and_in_total(serve):
    app = App()
    running = serve(app, {"bodies_bytes": 250_000, "account_bodies_bytes": 150_000})
    first, again, other, third = (running.talk() for _ in range(4))

    def held(size):
        until(lambda: running.server._context.bodies.total == size)

    post(first)
    held(100_000)
    post(again)
    assert again.answer()[:2][0] == 429
    post(other, who=b"joe")
    held(200_000)
    post(third, who=b"ann")
    code, headers, _ = third.answer()
    assert (code, headers["retry-after"], headers["connection"]) == (429, "1", "close")

    first.say(bytes(100_000))
    assert first.answer()[0] == 200
    held(100_000)
    other.close()
    held(0)


def test_a_chunked_body_counts_as_it_grows(serve):
    app = App()
    running = serve(app, {"account_bodies_bytes": 50_000})
    talk = running.talk()
    talk.say(b"POST / HTTP/1.1\r\nHost: x\r\nX-Who: jane\r\nTransfer-Encoding: chunked\r\n\r\n")

    talk.say(b"9c40\r\n" + bytes(40_000) + b"\r\n")
    until(lambda: running.server._context.bodies.total == 40_000)
    talk.say(b"9c40\r\n" + bytes(40_000) + b"\r\n")

    assert talk.answer()[0] == 429
    assert running.server._context.bodies.total == 0


@pytest.mark.parametrize(
    "slow",
    [
        {"body_rate": 1 << 20, "body_grace_seconds": 0.1},
        {"body_total_seconds": 0.1},
    ],
)
def test_a_body_that_trickles_is_refused(serve, slow):
    talk = serve(App(), slow).talk()

    post(talk)
    for _ in range(200):
        try:
            talk.say(b"x")
        except OSError:
            break
        time.sleep(0.005)

    assert talk.answer()[0] == 408
