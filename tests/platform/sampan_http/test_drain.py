"""The end of a server, with somebody who serves on and without."""

import threading

import pytest

from sampan_http import Limits, exchange
from sampan_http.drain import Others
from sampan_http.handoff import Hijacked

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK = {"tick_seconds": 0.02, "graceful_seconds": 5.0, "spread_seconds": 0.2, "linger_seconds": 1.0}


def app(environ, start):
    if environ["PATH_INFO"] == "/watch":

        def take(connection):
            connection.on_close = lambda: connection.send(b"0\r\n\r\n")
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")

        raise Hijacked(take)
    start("200 OK", [])
    return [b"hello"]


@pytest.fixture
def kept(serve):
    """kept(others, **limits) → a server and a connection that has been used once."""

    def start(others=None, **limits):
        running = serve(app, Limits(**{**QUICK, **limits}), others=others)
        talk = running.talk()
        talk.say(GET % b"")
        assert talk.answer()[1].get("connection") is None
        return running, talk

    return start


def told_to_stop(running):
    """Stop, and go on when the loop has begun with it."""
    running.server.stop()
    running.on_loop(lambda: None)


def test_a_kept_connection_may_be_used_once_more_and_is_told_so(kept):
    running, talk = kept(Others(serve_on=lambda: True))

    told_to_stop(running)
    talk.say(GET % b"")

    code, headers, body = talk.answer()
    assert (code, headers["connection"], body) == (200, "close", b"hello")
    assert talk.at_end()
    talk.close()
    running.thread.join(5)
    assert not running.thread.is_alive()


def test_a_kept_connection_that_is_not_used_ends_when_patience_does(kept):
    running, talk = kept(Others(serve_on=lambda: True), patience_seconds=0.2)

    told_to_stop(running)

    assert talk.at_end()


def test_a_request_that_comes_with_the_end_of_patience_is_answered(kept):
    running, talk = kept(Others(serve_on=lambda: True), patience_seconds=0.3)
    told_to_stop(running)

    def both():  # on the loop: the request is in the socket before anybody looks
        talk.say(GET % b"")
        running.server._drain._retire_all()

    running.on_loop(both)

    assert talk.answer()[1]["connection"] == "close"


def test_where_nobody_serves_on_idle_connections_end_at_once(kept):
    running, talk = kept()

    running.server.stop()

    assert talk.at_end()
    running.thread.join(5)
    assert not running.thread.is_alive()


def test_siblings_that_end_too_are_not_waited_for(kept):
    answers = iter([True, False])
    running, talk = kept(Others(serve_on=lambda: next(answers)))

    running.server.stop()

    assert talk.at_end()


def test_streams_end_properly_one_after_another(kept):
    running, talk = kept(Others(serve_on=lambda: True))
    watches = [running.talk() for _ in range(5)]
    for watch in watches:
        watch.say(GET % b"watch")
        watch.head()
        assert watch.chunk() == b"a"

    told_to_stop(running)

    assert [watch.chunk() for watch in watches] == [b""] * 5
    assert all(watch.at_end() for watch in watches)
    talk.say(GET % b"")
    assert talk.answer()[0] == 200


def test_connections_are_taken_until_a_successor_takes_them(kept):
    serving, let_go = threading.Event(), threading.Event()
    running, _ = kept(Others(lambda: not serving.is_set(), let_go.set, lambda: True))

    told_to_stop(running)
    late = running.talk()
    late.say(GET % b"")
    assert late.answer()[1].get("connection") is None
    assert not let_go.is_set()
    serving.set()

    assert let_go.wait(5)
    late.say(GET % b"")
    assert late.answer()[1]["connection"] == "close"


def test_a_stream_that_begins_meanwhile_soon_ends(kept, monkeypatch):
    monkeypatch.setattr(exchange, "_LATE_STREAM", 0.05)
    running, talk = kept(Others(serve_on=lambda: True))

    told_to_stop(running)
    talk.say(GET % b"watch")

    talk.head()
    assert [talk.chunk(), talk.chunk()] == [b"a", b""]
    assert talk.at_end()
