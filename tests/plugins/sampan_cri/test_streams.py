import json
import socket
import threading

import pytest

from sampan_cri import streams
from sampan_forwarding.spdy import Data, Frames, Opened, ProtocolError
from sampan_runtime.contracts import RuntimeFailure

FAILED = {
    "status": "Failure", "reason": "NonZeroExitCode", "message": "exit code 7",
    "details": {"causes": [{"reason": "ExitCode", "message": "7"}]},
}  # fmt: skip


class Server:
    """A streaming server for one session, by ``serve(socket, frames)``."""

    def __init__(self, serve, head=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\n\r\n"):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._serve, self._head = serve, head
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/exec/token?x=1"
        self.asked = b""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        connection, _ = self._listening.accept()
        with connection:
            while b"\r\n\r\n" not in self.asked:
                self.asked += connection.recv(4096)
            _, _, self.rest = self.asked.partition(b"\r\n\r\n")
            connection.sendall(self._head)
            self._serve(connection, Frames(), self.rest)

    def close(self):
        self.thread.join(30)
        self._listening.close()
        assert not self.thread.is_alive()


@pytest.fixture
def session():
    """Serve, and the client's stream; both closed at the end."""
    opened = []

    def begin(serve, *, stdin=False, tty=False, **options):
        server = Server(serve)
        stream = streams.SpdyStream(server.url, streams.kinds(stdin=stdin, tty=tty), **options)
        opened.append((stream, server))
        return stream

    yield begin
    for stream, server in opened:
        stream.close()
        server.close()


def received(connection, frames, rest):
    """What the client sends, as events, until it closes."""
    data = rest
    while True:
        yield from frames.receive(data)
        data = connection.recv(65536)
        if not data:
            return


def numbers(events, count):
    """Type → number of the streams that the client opens."""
    return {event.headers["streamtype"]: event.stream for event in (next(events) for _ in range(count))}


def test_output_comes_by_channel_and_the_exit_code_from_the_status(session):
    def serve(connection, frames, rest):
        ids = numbers(received(connection, frames, rest), 3)
        connection.sendall(frames.data(ids["stdout"], b"out") + frames.data(ids["stderr"], b"err"))
        connection.sendall(frames.data(ids["error"], json.dumps(FAILED).encode(), over=True))

    stream = session(serve)

    assert list(stream.output()) == [(1, b"out"), (2, b"err")]
    assert stream.exit_code() == 7


def test_input_its_end_and_sizes_are_sent_each_on_its_stream(session):
    seen = []

    def serve(connection, frames, rest):
        events = received(connection, frames, rest)
        ids = numbers(events, 4)
        for event in events:
            if isinstance(event, Data):
                seen.append(({number: kind for kind, number in ids.items()}[event.stream], event.data, event.over))
            if len(seen) == 3:
                connection.sendall(frames.data(ids["error"], b'{"status":"Success"}', over=True))
                return

    stream = session(serve, stdin=True, tty=True, code=lambda: 5)
    stream.resize(100, 40)
    stream.send(b"hi")
    stream.close_input()

    assert list(stream.output()) == []
    assert seen[1:] == [("stdin", b"hi", False), ("stdin", b"", True)]
    assert (seen[0][0], json.loads(seen[0][1])) == ("resize", {"Width": 100, "Height": 40})
    assert stream.exit_code() == 5, "of an attach, whose status says only that it went well"


def test_pings_are_answered(session):
    ping = Frames._control(6, (9).to_bytes(4, "big"))

    def serve(connection, frames, rest):
        events = received(connection, frames, rest)
        numbers(events, 3)
        connection.sendall(ping)
        seen.append(next(events))

    seen = []
    assert list(session(serve).output()) == []
    assert seen[0].number == 9


def test_nonsense_ends_the_session_with_a_reason(session):
    def serve(connection, frames, rest):
        numbers(received(connection, frames, rest), 3)
        connection.sendall(b"\x00\x00\x00\x01\x00\xff\xff\xff")

    with pytest.raises(RuntimeFailure, match="a frame of") as raised:
        list(session(serve).output())
    assert isinstance(raised.value.__cause__, ProtocolError)


def test_a_closed_stream_ends_and_takes_no_more(session):
    stream = session(lambda connection, frames, rest: list(received(connection, frames, rest)), stdin=True)

    stream.close()
    stream.close()
    stream.send(b"x")
    stream.close_input()

    assert list(stream.output()) == []


def test_the_upgrade_names_the_protocols_and_keeps_the_query():
    server = Server(lambda *_: None)
    connection, _ = streams.upgraded(server.url)
    connection.close()
    server.close()

    assert server.asked.startswith(b"POST /exec/token?x=1 HTTP/1.1\r\n")
    assert b"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n" in server.asked


@pytest.mark.parametrize("head", [b"HTTP/1.1 404 Not Found\r\n\r\n", b""])
def test_a_server_that_refuses_is_a_failure(head):
    server = Server(lambda *_: None, head)

    with pytest.raises(RuntimeFailure, match=r"404|ends in its head"):
        streams.upgraded(server.url)
    server.close()


def test_a_server_that_is_not_there_is_a_failure():
    with socket.socket() as bound:  # no process listens at this port, and no other can
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(RuntimeFailure, match="does not answer"):
            streams.upgraded(f"http://127.0.0.1:{bound.getsockname()[1]}/x")


@pytest.mark.parametrize("status", [b"no JSON", b'{"status":"Failure","message":"no such program"}'])
def test_a_status_without_a_code_is_a_failure(status):
    with pytest.raises(RuntimeFailure, match=r"no JSON|no such program"):
        streams.exit_code_in(status)


def test_a_terminal_has_sizes_and_no_errors_of_its_own():
    assert streams.kinds(stdin=True, tty=True) == ["error", "stdin", "stdout", "resize"]
    assert streams.kinds(stdin=False, tty=False) == ["error", "stdout", "stderr"]
    assert Opened(1, {}, False).stream == 1
