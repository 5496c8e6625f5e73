"""Reading and writing on real sockets: what slow, broken and hostile clients get."""

import socket
import struct
import threading

import pytest

from sampan_http.answers import Reply
from sampan_http.handoff import Parked

QUICK = {"head_seconds": 0.15, "body_seconds": 0.15}
GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
HTTP_10 = b"GET /1 HTTP/1.0\r\n\r\n"


def echo(environ, start):
    """Method, path and body."""
    body = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode() + environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [body]


def big(environ, start):
    start("200 OK", [])
    return [b"x" * 30_000_000]


def test_requests_follow_one_another_on_a_connection(serve):
    talk = serve(echo).talk()

    for number in range(3):
        talk.say(GET % number)
        code, headers, body = talk.answer()
        assert (code, body) == (200, b"GET /%d " % number)
    assert headers["content-length"] == "7"
    assert headers["server"] == "sampan"
    assert headers["date"].endswith(" GMT")
    assert "connection" not in headers


def test_pipelined_requests_are_answered_in_order(serve):
    talk = serve(echo).talk()

    talk.say(
        b"".join(GET % number for number in range(100)) + b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    )

    assert [talk.answer()[2] for _ in range(101)] == [b"GET /%d " % number for number in range(100)] + [b"POST /p hi"]


def test_a_head_in_single_bytes_is_understood(serve):
    talk = serve(echo).talk()
    talk.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    for byte in b"\r\n" + GET % 1:
        talk.say(bytes([byte]))

    assert talk.answer()[2] == b"GET /1 "


def test_http_1_0_closes_unless_asked_to_stay(serve):
    running = serve(echo)
    short, long = running.talk(), running.talk()

    short.say(HTTP_10)
    long.say(b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert short.answer()[1]["connection"] == "close"
    assert short.at_end()
    assert long.answer()[1]["connection"] == "keep-alive"
    long.say(HTTP_10)
    assert long.answer()[0] == 200


def test_close_is_honoured(serve):
    talk = serve(echo).talk()

    talk.say(b"GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + GET % 2)

    assert talk.answer()[1]["connection"] == "close"
    assert talk.at_end()


def test_head_gets_no_body(serve):
    talk = serve(echo).talk()

    talk.say(b"HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\n" + GET % 2)

    assert talk.answer(bodyless=True)[1]["content-length"] == "8"
    assert talk.answer()[2] == b"GET /2 "


@pytest.mark.parametrize("size", [1, 9, 100_000])
def test_a_chunked_body_arrives_whole(serve, size):
    talk = serve(echo).talk()
    data = (
        b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        + GET % 2
    )

    for at in range(0, len(data), size):
        talk.say(data[at : at + size])

    assert talk.answer()[2] == b"POST /c hello world"
    assert talk.answer()[2] == b"GET /2 "


def test_a_large_body_arrives_whole(serve):
    talk = serve(echo).talk()
    body = bytes(range(256)) * 12_000

    talk.say(b"PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    assert talk.answer()[2] == b"PUT /b " + body


def test_expect_100_continue_is_answered(serve):
    talk = serve(echo).talk()

    talk.say(b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert talk.answer()[0] == 100
    talk.say(b"ok")

    assert talk.answer()[2] == b"POST /e ok"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\nExpect: 100-continue\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 2_000_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3d0900\r\n" + b"x" * 2_000_000,
    ],
)
def test_a_body_over_the_limit_is_refused_with_a_message(serve, request_bytes):
    talk = serve(echo).talk()
    sender = threading.Thread(target=talk.say, args=[request_bytes])

    sender.start()
    code, headers, body = talk.answer()

    sender.join()
    assert code == 413
    assert body.startswith(b"request body too large: limit is ")
    assert headers["connection"] == "close"
    assert talk.at_end()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a:b\r\n" * 300 + b"\r\n", 431),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX_Remote_User: root\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_a_bad_request_ends_the_connection(serve, data, code):
    talk = serve(echo).talk()

    talk.say(data)
    status, headers, body = talk.answer()

    assert status == code
    assert body.endswith(b"\n") and len(body.splitlines()) == 1
    assert headers["connection"] == "close"
    assert talk.at_end()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ],
)
def test_a_request_that_does_not_arrive_in_time_is_answered_408(serve, data):
    running = serve(echo)
    talk = running.talk()
    running.limit(1, **QUICK)

    talk.say(data)

    assert talk.answer()[0] == 408
    assert talk.at_end()


def test_the_deadline_of_a_head_is_not_extended_by_each_byte(serve):
    running = serve(echo)
    talk, stop = running.talk(), threading.Event()
    running.limit(1, **QUICK)

    def drip():
        try:
            talk.say(b"GET / HTTP/1.1\r\n")
            while not stop.wait(0.02):
                talk.say(b"a")
        except OSError:
            return

    dripping = threading.Thread(target=drip)
    dripping.start()

    assert talk.answer()[0] == 408
    stop.set()
    dripping.join()


def test_a_silent_connection_is_closed(serve):
    running = serve(echo, {"idle_seconds": 0.1})
    used = running.talk()

    used.say(GET % 1)
    used.answer()

    assert used.at_end()
    running.limit(0, **QUICK)
    assert running.talk().at_end()


def test_idle_connections_may_stay_longer_than_a_head_may_take(serve):
    running = serve(echo)
    used = running.talk()

    used.say(GET % 1)
    used.answer()
    running.limit(1, **QUICK)
    assert running.talk().at_end()  # so the time for a head has passed
    used.say(GET % 2)

    assert used.answer()[2] == b"GET /2 "


def test_a_slow_reader_gets_everything(serve):
    talk = serve(big).talk()

    talk.say(GET % 1 + GET % 2)

    assert len(talk.answer()[2]) == 30_000_000
    assert len(talk.answer()[2]) == 30_000_000


def test_a_reader_that_has_stopped_is_cut_off(serve):
    running = serve(big, {"write_seconds": 0.2})
    stalled = running.talk()
    gone = threading.Event()
    running.on_loop(lambda: setattr(running.server._context, "on_connection_closed", gone.set))

    stalled.say(GET % 1)

    assert gone.wait(30)


def test_a_client_that_has_shut_down_its_writing_side_gets_its_answer(serve):
    talk = serve(echo).talk()

    talk.say(b"POST /h HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
    talk.sock.shutdown(socket.SHUT_WR)

    assert talk.answer()[2] == b"POST /h hi"
    assert talk.at_end()


def test_a_reset_connection_is_forgotten(serve):
    running = serve(echo)
    sock = running.connect()
    sock.sendall(GET % 1)
    sock.recv(1000)
    assert running.clients() == 1
    gone = threading.Event()
    running.on_loop(lambda: setattr(running.server._context, "on_connection_closed", gone.set))

    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()

    assert gone.wait(30)
    assert running.clients() == 0


def test_no_more_connections_than_allowed_are_accepted(serve):
    running = serve(echo, {"connections": 2})
    first, second = running.talk(), running.talk()
    for talk in (first, second):
        talk.say(GET % 1)
        talk.answer()
    third = running.talk()
    third.say(GET % 3)
    assert running.clients() == 2

    first.close()

    assert third.answer()[2] == b"GET /3 "


def test_a_failing_application_is_answered_500(serve, caplog):
    def broken(environ, start):
        if environ["PATH_INFO"] == "/1":
            raise RuntimeError("secret")
        return echo(environ, start)

    talk = serve(broken).talk()

    talk.say(GET % 1 + GET % 2)
    code, _, body = talk.answer()

    assert (code, body) == (500, b"internal error\n")
    assert b"secret" not in body
    assert talk.answer()[0] == 200
    assert "/1 failed" in caplog.text


def test_a_header_cannot_smuggle_another(serve):
    def splitting(environ, start):
        start("200 OK", [("X", "a\r\nSet-Cookie: b")])
        return [b""]

    talk = serve(splitting).talk()

    talk.say(GET % 1)
    code, headers, _ = talk.answer()

    assert code == 500
    assert "set-cookie" not in headers


def test_the_environ_holds_addresses(serve):
    seen = {}

    def app(environ, start):
        seen.update(environ)
        return echo(environ, start)

    running = serve(app)
    talk = running.talk()
    talk.say(GET % 1)
    talk.answer()

    assert (seen["REMOTE_ADDR"], int(seen["REMOTE_PORT"])) == talk.sock.getsockname()
    assert (seen["SERVER_NAME"], int(seen["SERVER_PORT"])) == running.listener.getsockname()
    assert seen["wsgi.url_scheme"] == "http"
    assert seen["sampan.loop"] is running.server.loop
    assert seen["sampan.peer_certificate"] is None
    assert seen["gunicorn.socket"].getpeername() == talk.sock.getsockname()


def test_a_unix_socket_is_served(serve, tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    running = serve(echo, listener=listener)
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(tmp_path / "s"))
    talk = running.talk(sock)

    talk.say(GET % 1)

    assert talk.answer()[2] == b"GET /1 "


def test_answers_are_reported_where_access_is_logged(serve):
    running = serve(echo)
    lines = []
    running.on_loop(lambda: setattr(running.server._context, "access", lambda *facts: lines.append(facts)))
    talk = running.talk()

    talk.say(GET % 1)
    talk.answer()

    running.on_loop(lambda: None)
    [(environ, status, _, size, seconds)] = lines
    assert (environ["PATH_INFO"], status, size) == ("/1", "200 OK", 7)
    assert 0 <= seconds < 600


def test_the_application_chooses_the_form_of_refusals_and_of_its_own_errors(serve):
    class Own(Exception):
        pass

    class App:
        def __call__(self, environ, start):
            def begin(resume):
                raise Own

            raise Parked(begin)

        def refuse(self, code, message, *, retry_after=0):
            return Reply(code, b"refused", "application/x")

        def answer_error(self, error):
            return Reply(418, b"mine") if isinstance(error, Own) else None

    running = serve(App())

    talk = running.talk()
    talk.say(b"GET / HTTP/1.1\nHost: x\n\n")
    refused = talk.answer()
    talk = running.talk()
    talk.say(GET % 1)
    own = talk.answer()

    assert (refused[0], refused[2], refused[1]["content-type"]) == (400, b"refused", "application/x")
    assert (own[0], own[2]) == (418, b"mine")
