"""Answers that come later: parked, hijacked, offloaded and streamed, on real sockets."""

import queue
import socket
import threading

import pytest

from sampan_http.answers import Reply
from sampan_http.handoff import Hijacked, Offloaded, Parked
from sampan_server.subresources.upgrades import taken
from sampan_testing.cluster import until

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


class Conflict(Exception):
    """An error that the application knows how to answer."""


def hello(environ, start):
    start("200 OK", [])
    return [environ["PATH_INFO"].encode()]


def routes(**handlers):
    """A WSGI app: the first path segment names a handler of (environ); other paths are echoed."""

    def app(environ, start):
        handler = handlers.get(environ["PATH_INFO"].split("/")[1])
        return handler(environ, start) if handler else hello(environ, start)

    app.answer_error = lambda error: Reply(409, str(error).encode()) if isinstance(error, Conflict) else None
    return app


def raising(handoff):
    def handler(environ, start):
        raise handoff() if isinstance(handoff, type(lambda: 0)) else handoff

    return handler


@pytest.fixture
def parked(serve):
    """(Running, queue of the resumes of requests to /park)."""
    resumes = queue.Queue()
    return serve(routes(park=raising(lambda: Parked(resumes.put)))), resumes


def test_a_parked_request_is_answered_when_its_work_is_done(parked):
    running, resumes = parked
    talk = running.talk()

    talk.say(GET % b"park")
    resumes.get(timeout=30)(lambda: Reply(201, b"{}", "application/json", [("X", "1")]))
    code, headers, body = talk.answer()

    assert (code, body, headers["x"], headers["content-type"]) == (201, b"{}", "1", "application/json")


def test_other_connections_do_not_wait_for_a_parked_one(parked):
    running, resumes = parked
    waiting, other = running.talk(), running.talk()

    waiting.say(GET % b"park")
    resume = resumes.get(timeout=30)
    other.say(GET % b"other")

    assert other.answer()[2] == b"/other"
    resume(lambda: Reply(200, b"late"))
    assert waiting.answer()[2] == b"late"


def test_what_is_pipelined_behind_a_parked_request_waits(parked):
    running, resumes = parked
    talk = running.talk()

    talk.say(GET % b"park" + GET % b"2")
    resume = resumes.get(timeout=30)
    talk.say(GET % b"3" + GET % b"park")
    resume(lambda: Reply(200, b"1"))

    assert [talk.answer()[2] for _ in range(3)] == [b"1", b"/2", b"/3"]
    resumes.get(timeout=30)(lambda: Reply(200, b"4"))
    assert talk.answer()[2] == b"4"


def test_an_outcome_may_park_again_and_may_fail(parked, caplog):
    running, resumes = parked
    talk = running.talk()

    def again():
        raise Parked(resumes.put)

    def conflict():
        raise Conflict("another writer was faster")

    talk.say(GET % b"park" + GET % b"park" + GET % b"last")
    resumes.get(timeout=30)(again)
    resumes.get(timeout=30)(conflict)
    resumes.get(timeout=30)(lambda: 1 / 0)

    code, _, body = talk.answer()
    assert (code, b"another writer was faster" in body) == (409, True)
    assert talk.answer()[0] == 500
    assert talk.answer()[2] == b"/last"
    assert "ZeroDivisionError" in caplog.text


def test_a_begin_that_fails_or_resumes_at_once_is_answered(serve, caplog):
    def broken(resume):
        raise RuntimeError

    running = serve(
        routes(
            broken=raising(Parked(broken)),
            quick=raising(lambda: Parked(lambda resume: resume(lambda: Reply(200, b"q")))),
        )
    )
    talk = running.talk()

    talk.say(GET % b"broken" + GET % b"quick")

    assert talk.answer()[0] == 500
    assert talk.answer()[2] == b"q"


def test_the_outcome_of_a_client_that_has_gone_is_still_run(parked):
    running, resumes = parked
    sock = running.connect()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.sendall(GET % b"park")
    resume = resumes.get(timeout=30)
    gone = threading.Event()
    running.on_loop(lambda: setattr(running.server._context, "on_connection_closed", gone.set))

    sock.close()
    assert gone.wait(30)
    ran = threading.Event()
    resume(lambda: ran.set() or Reply())

    assert ran.wait(30)


def test_a_second_resume_is_ignored(parked, caplog):
    running, resumes = parked
    talk = running.talk()

    talk.say(GET % b"park")
    resume = resumes.get(timeout=30)
    resume(lambda: Reply(200, b"1"))
    resume(lambda: Reply(200, b"2"))
    talk.say(GET % b"3")

    assert [talk.answer()[2] for _ in range(2)] == [b"1", b"/3"]
    assert "resumed twice" in caplog.text


@pytest.fixture
def hijacked(serve):
    """(Running, queue of connections taken over by /watch)."""
    taken = queue.Queue()
    return serve(routes(watch=raising(lambda: Hijacked(taken.put)))), taken


def test_a_hijacked_connection_belongs_to_the_handler(hijacked):
    running, taken = hijacked
    talk = running.talk()
    heard = queue.Queue()

    talk.say(GET % b"watch")
    connection = taken.get(timeout=30)
    running.on_loop(lambda: setattr(connection, "on_data", heard.put))
    running.on_loop(lambda: connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    assert talk.head()[0] == 200
    running.on_loop(lambda: connection.send(b"3\r\nabc\r\n"))
    assert talk.chunk() == b"abc"
    talk.say(b"more")

    assert heard.get(timeout=30) == b"more"


def test_a_slow_watcher_is_seen_in_buffered_and_gets_all_in_order(hijacked):
    running, taken = hijacked
    talk = running.talk()
    talk.say(GET % b"watch")
    connection = taken.get(timeout=30)

    for number in range(200):
        running.on_loop(lambda number=number: connection.send(bytes([number]) * 100_000))
    running.on_loop(connection.close)

    assert running.on_loop(connection.buffered) > 1_000_000
    for number in range(200):
        assert talk.read(100_000) == bytes([number]) * 100_000
    assert talk.at_end()


@pytest.mark.parametrize("end", ["close", "abort", "peer"])
def test_on_close_is_called_once(hijacked, end):
    running, taken = hijacked
    talk = running.talk()
    told = queue.Queue()
    talk.say(GET % b"watch")
    connection = taken.get(timeout=30)
    running.on_loop(lambda: setattr(connection, "on_close", lambda: told.put(1)))

    if end == "peer":
        talk.close()
    else:
        running.on_loop(getattr(connection, end))
    assert told.get(timeout=30)
    running.on_loop(connection.abort)
    running.on_loop(lambda: connection.send(b"ignored"))

    assert told.empty()
    assert running.clients() == 0


def test_a_watcher_that_takes_nothing_is_cut_off(serve):
    taken = queue.Queue()
    running = serve(routes(watch=raising(lambda: Hijacked(taken.put))), {"write_seconds": 0.2})
    talk = running.talk()
    told = threading.Event()
    talk.say(GET % b"watch")
    connection = taken.get(timeout=30)

    running.on_loop(lambda: (setattr(connection, "on_close", told.set), connection.send(b"x" * 20_000_000)))

    assert told.wait(30)


def test_a_drain_calls_on_close_first(hijacked):
    running, taken = hijacked
    talk = running.talk()
    talk.say(GET % b"watch")
    connection = taken.get(timeout=30)
    running.on_loop(lambda: setattr(connection, "on_close", lambda: connection.send(b"bye")))

    running.server.stop()

    assert talk.read(3) == b"bye"
    assert talk.at_end()


def test_blocking_work_runs_beside_the_loop(serve):
    go = threading.Event()

    def run():
        assert go.wait(30)
        return Reply(200, threading.current_thread().name.encode())

    running = serve(routes(slow=raising(lambda: Offloaded(run))))
    slow, quick = running.talk(), running.talk()

    slow.say(GET % b"slow" + GET % b"next")
    quick.say(GET % b"quick")
    assert quick.answer()[2] == b"/quick"
    go.set()

    assert slow.answer()[2] == b"sampan-offload"
    assert slow.answer()[2] == b"/next"


def test_blocking_work_may_fail(serve, caplog):
    def refuse():
        raise Conflict("no")

    running = serve(routes(a=raising(lambda: Offloaded(refuse)), b=raising(lambda: Offloaded(lambda: 1 / 0))))
    talk = running.talk()

    talk.say(GET % b"a" + GET % b"b")

    assert [talk.answer()[0], talk.answer()[0]] == [409, 500]


def test_an_offloaded_iterator_is_streamed_as_it_comes(serve):
    pieces = queue.Queue()
    running = serve(routes(log=raising(lambda: Offloaded(lambda: Reply(200, iter(pieces.get, None), "text/plain")))))
    talk = running.talk()

    talk.say(GET % b"log" + GET % b"next")
    assert talk.head()[1]["transfer-encoding"] == "chunked"
    for piece in (b"one", b"two"):
        pieces.put(piece)
        assert talk.chunk() == piece
    pieces.put(None)

    assert talk.chunk() == b""
    assert talk.answer()[2] == b"/next"


class Follow:
    """A body that waits until it is cancelled."""

    def __init__(self):
        self.cancelled, self.closed = threading.Event(), threading.Event()

    def __iter__(self):
        yield b"first"
        assert self.cancelled.wait(30)

    def cancel(self):
        self.cancelled.set()

    def close(self):
        self.closed.set()


def test_a_stream_is_cancelled_when_its_client_leaves(serve):
    follow = Follow()
    running = serve(routes(log=raising(lambda: Offloaded(lambda: Reply(200, follow)))))
    talk = running.talk()

    talk.say(GET % b"log")
    talk.head()
    assert talk.chunk() == b"first"
    talk.close()

    assert follow.cancelled.wait(30)
    assert follow.closed.wait(30)


def test_a_stream_that_fails_is_cut_and_not_ended_properly(serve, caplog):
    def body():
        yield b"part"
        raise RuntimeError

    running = serve(routes(log=raising(lambda: Offloaded(lambda: Reply(200, body())))))
    talk = running.talk()

    talk.say(GET % b"log")
    talk.head()

    assert talk.chunk() == b"part"
    assert talk.at_end()


@pytest.mark.parametrize("lazy", [False, True])
def test_a_plain_wsgi_iterator_is_streamed_too(serve, lazy):
    def generator(environ, start):
        start("200 OK", [])
        yield b"a"
        yield b"b"

    def eager(environ, start):
        start("200 OK", [])
        return iter([b"a", b"b"])

    talk = serve(routes(x=generator if lazy else eager)).talk()

    talk.say(GET % b"x" + b"HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /x HTTP/1.0\r\n\r\n")

    assert talk.answer()[2] == b"ab"
    assert talk.answer(bodyless=True)[0] == 200
    assert talk.answer()[2] == b"ab"
    assert talk.at_end()


def test_a_raw_connection_keeps_the_bytes_read_before(serve):
    def echo(sock):
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        while data := sock.recv(100):
            sock.sendall(data.upper())
            if b"end" in data:
                return

    running = serve(routes(exec=raising(lambda: Offloaded(run_raw=echo))))
    talk = running.talk()

    talk.say(b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ")
    assert talk.head()[0] == 101
    assert talk.read(6) == b"EARLY "
    talk.say(b"the end")

    assert talk.read(7) == b"THE END"
    assert talk.at_end()
    until(lambda: running.clients() == 0)  # the loop learns of it from the thread


def test_a_new_connection_is_not_lost_when_a_raw_one_ends_just_before(serve):
    """The loop learns that a raw connection is over after its thread has ended. In between, the descriptor must not
    be free: a new connection would get the same number, be removed instead, and be reset at its deadline."""
    close_listeners, go_on = threading.Event(), threading.Event()

    def raw(sock):
        upgrade = taken(sock, b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        upgrade.recv()
        upgrade.close()
        close_listeners.set()
        go_on.wait(60)

    running = serve(routes(exec=raising(lambda: Offloaded(run_raw=raw))))
    talk = running.talk()
    talk.say(b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert talk.head()[0] == 101
    spare = [socket.socket() for _ in range(4)]  # made now: the client's ends must not take the number
    talk.say(b"bye")
    talk.sock.shutdown(socket.SHUT_WR)
    assert close_listeners.wait(60)

    others = []
    for sock in spare:  # the server's end of the first has the number, if it is free
        sock.connect(running.listener.getsockname())
        others.append(running.talk(sock))
    for other in others:
        other.say(GET % b"first")
        assert other.answer()[2] == b"/first"
    go_on.set()
    assert talk.at_end()

    for other in others:
        other.say(GET % b"second")
        assert other.answer()[2] == b"/second"
