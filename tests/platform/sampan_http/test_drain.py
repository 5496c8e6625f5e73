"""Drain of a server, with and without a successor."""

import threading

import pytest

from sampan_http import exchange
from sampan_http.drain import Successors
from sampan_http.handoff import Hijacked

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK = {"spread_seconds": 0.2}


def app(environ, start):
    if environ["PATH_INFO"] == "/watch":

        def take(connection):
            connection.on_close = lambda: connection.send(b"0\r\n\r\n")
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")

        raise Hijacked(take)
    start("200 OK", [])
    return [b"hello"]


@pytest.fixture
def keep_alive(serve):
    """keep_alive(successors, **limits) → a server and a connection with one answered request."""

    def start(successors=None, **limits):
        running = serve(app, {**QUICK, **limits}, successors=successors)
        talk = running.talk()
        talk.say(GET % b"")
        assert talk.answer()[1].get("connection") is None
        return running, talk

    return start


def begin_drain(running):
    """Stop the server; returns when the loop has begun to drain."""
    running.server.stop()
    running.on_loop(lambda: None)


def test_a_keep_alive_connection_may_send_one_more_request_and_gets_connection_close(keep_alive):
    running, talk = keep_alive(Successors(is_listening=lambda: True))

    begin_drain(running)
    talk.say(GET % b"")

    code, headers, body = talk.answer()
    assert (code, headers["connection"], body) == (200, "close", b"hello")
    assert talk.at_end()
    talk.close()
    running.thread.join(30)
    assert not running.thread.is_alive()


def test_a_keep_alive_connection_without_a_last_request_is_closed_in_time(keep_alive):
    running, talk = keep_alive(Successors(is_listening=lambda: True), last_request_seconds=0.2)

    begin_drain(running)

    assert talk.at_end()


def test_a_last_request_that_arrives_just_in_time_is_answered(keep_alive):
    running, talk = keep_alive(Successors(is_listening=lambda: True))
    begin_drain(running)

    def both():  # on the loop: the request is in the socket before the loop reads it
        talk.say(GET % b"")
        running.server._drain._drain_all()

    running.on_loop(both)

    assert talk.answer()[1]["connection"] == "close"


def test_without_a_successor_idle_connections_are_closed_at_once(keep_alive):
    running, talk = keep_alive()

    running.server.stop()

    assert talk.at_end()
    running.thread.join(30)
    assert not running.thread.is_alive()


def test_a_sibling_that_drains_too_is_no_successor(keep_alive):
    answers = iter([True, False])
    running, talk = keep_alive(Successors(is_listening=lambda: next(answers)))

    running.server.stop()

    assert talk.at_end()


def test_streams_end_properly_one_after_another(keep_alive):
    running, talk = keep_alive(Successors(is_listening=lambda: True))
    watches = [running.talk() for _ in range(5)]
    for watch in watches:
        watch.say(GET % b"watch")
        watch.head()
        assert watch.chunk() == b"a"

    begin_drain(running)

    assert [watch.chunk() for watch in watches] == [b""] * 5
    assert all(watch.at_end() for watch in watches)
    talk.say(GET % b"")
    assert talk.answer()[0] == 200


def test_connections_are_accepted_until_a_successor_accepts_them(keep_alive):
    serving, closed = threading.Event(), threading.Event()
    running, _ = keep_alive(Successors(lambda: not serving.is_set(), closed.set, lambda: True))

    begin_drain(running)
    late = running.talk()
    late.say(GET % b"")
    assert late.answer()[1].get("connection") is None
    assert not closed.is_set()
    serving.set()

    assert closed.wait(30)
    late.say(GET % b"")
    assert late.answer()[1]["connection"] == "close"


def test_a_stream_that_begins_during_the_drain_ends_soon(keep_alive, monkeypatch):
    monkeypatch.setattr(exchange, "_LATE_STREAM", 0.05)
    running, talk = keep_alive(Successors(is_listening=lambda: True))

    begin_drain(running)
    talk.say(GET % b"watch")

    talk.head()
    assert [talk.chunk(), talk.chunk()] == [b"a", b""]
    assert talk.at_end()
