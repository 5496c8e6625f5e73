from __future__ import annotations

import json
import socket
import threading

import pytest
import wsproto
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, RejectConnection, RejectData, Request

from sampan.errors import BadGateway, Forbidden, TooManyRequests
from sampan_dashboard import execs
from sampan_dashboard.execs import Terminal, Terminals


class Server:
    """The API server's side of a WebSocket, over a pair of sockets."""

    def __init__(self, sock):
        self.sock, self.connection = sock, wsproto.WSConnection(wsproto.ConnectionType.SERVER)

    def next(self):
        while True:
            self.connection.receive_data(self.sock.recv(65536) or None)
            for event in self.connection.events():
                return event

    def send(self, *events):
        for event in events:
            self.sock.sendall(self.connection.send(event))

    def say(self, channel, data):
        self.send(BytesMessage(bytes([channel]) + data))


@pytest.fixture
def sockets():
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.settimeout(60)
    yield ours, theirs
    ours.close()
    theirs.close()


def shaken(sockets, *answers):
    """What the client makes of the server's answers, and the request that it sent."""
    server, seen = Server(sockets[1]), []

    def serve():
        seen.append(server.next())
        server.send(*answers)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        return execs.shake_hands(sockets[0], "api", "/exec?command=sh", "Bearer t"), seen[0], server
    finally:
        thread.join(60)


class Heard:
    """Events that a browser got."""

    def __init__(self):
        self.text, self._more = b"", threading.Condition()

    def __call__(self, data):
        with self._more:
            self.text += data
            self._more.notify_all()

    def wait(self, part):
        with self._more:
            assert self._more.wait_for(lambda: part in self.text, 60), self.text


@pytest.fixture
def opened(sockets):
    """A terminal that runs, and the server's side."""
    connection, _, server = shaken(sockets, AcceptConnection(subprotocol=execs.PROTOCOL))
    terminal = Terminals().add(lambda: Terminal(sockets[0], connection))
    yield terminal, server
    terminal.close()
    assert terminal.ended.wait(60)


def test_the_request_carries_the_users_token_and_the_protocol(sockets):
    _, request, _ = shaken(sockets, AcceptConnection(subprotocol=execs.PROTOCOL))

    assert isinstance(request, Request)
    assert (request.target, request.subprotocols) == ("/exec?command=sh", [execs.PROTOCOL])
    assert (b"authorization", b"Bearer t") in [(name.lower(), value) for name, value in request.extra_headers]


def test_a_refusal_is_the_servers_own(sockets):
    body = json.dumps(Forbidden("may not exec").to_status()).encode()

    with pytest.raises(Forbidden, match="may not exec"):
        shaken(sockets, RejectConnection(status_code=403, has_body=True), RejectData(data=body, body_finished=True))


def test_a_server_that_goes_away_is_named(sockets):
    sockets[1].close()

    with pytest.raises((BadGateway, OSError)):
        execs.shake_hands(sockets[0], "api", "/", "")


def test_output_that_came_before_the_browser_waits_and_is_plain_text(opened):
    terminal, server = opened
    heard = Heard()

    server.say(execs.STDOUT, b"first <b>\x1b[31m")
    terminal.listen(heard)
    server.say(execs.STDERR, b"second")

    heard.wait(b"second")
    assert b'"first <b>"' in heard.text


def test_input_is_sent_as_it_was_typed(opened):
    terminal, server = opened

    terminal.write("ls\n")

    assert server.next().data == b"\x00ls\n"


def test_a_character_in_two_messages_is_one(opened):
    terminal, server = opened
    heard = Heard()
    terminal.listen(heard)

    server.say(execs.STDOUT, "ä".encode()[:1])
    server.say(execs.STDOUT, "ä".encode()[1:] + b"!")

    heard.wait("ä!".encode())


def test_a_full_terminal_is_given_control_sequences(sockets):
    connection, _, server = shaken(sockets, AcceptConnection(subprotocol=execs.PROTOCOL))
    terminal, heard = Terminals().add(lambda: Terminal(sockets[0], connection, full=True)), Heard()
    terminal.listen(heard)
    server.say(execs.STDOUT, b"\x1b[31mred")
    heard.wait(b"\\u001b[31mred")
    terminal.close()
    assert terminal.ended.wait(60)


def test_the_size_is_sent_and_bounded(opened):
    terminal, server = opened

    terminal.resize(80, 99999)

    assert server.next().data == b'\x04{"Width": 80, "Height": 1000}'


def test_the_end_says_how_the_process_ended(opened):
    terminal, server = opened
    heard = Heard()
    terminal.listen(heard)

    server.say(execs.ERROR, json.dumps({"status": "Failure", "message": "exit code 3"}).encode())
    server.send(CloseConnection(code=1000))

    heard.wait(b"exit code 3")
    assert terminal.ended.wait(60)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"status":"Success"}', ""),
        (b'{"status":"Failure","reason":"NonZeroExitCode"}', "NonZeroExitCode"),
        (b"[]", ""),
        (b"\x1b[2Jodd", "odd"),
    ],
)
def test_an_outcome_is_words(content, words):
    assert execs.outcome(content) == words
    assert execs.status_of(b"no json") == {"message": "no json"}


def test_a_session_has_a_limited_number_of_terminals(monkeypatch):
    monkeypatch.setattr(execs, "MOST", 1)
    terminals, pairs = Terminals(), [socket.socketpair() for _ in range(2)]
    make = [lambda pair=pair: Terminal(pair[0], wsproto.WSConnection(wsproto.ConnectionType.CLIENT)) for pair in pairs]

    first = terminals.add(make[0])
    with pytest.raises(TooManyRequests):
        terminals.add(make[1])
    terminals.close()
    assert first.ended.wait(60)
    assert terminals.find(first.id) is None

    for pair in pairs:
        for each in pair:
            each.close()


def test_a_terminal_that_no_browser_reads_ends(monkeypatch):
    monkeypatch.setattr(execs, "JOIN_SECONDS", 0.01)
    ours, theirs = socket.socketpair()

    terminal = Terminals().add(lambda: Terminal(ours, wsproto.WSConnection(wsproto.ConnectionType.CLIENT)))

    assert terminal.ended.wait(60)
    theirs.close()
    ours.close()
