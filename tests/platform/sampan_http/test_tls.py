"""TLS on the loop: certificates, refusals, large answers, streams."""

import os
import shutil
import socket
import ssl

import pytest

from sampan_http.answers import Reply
from sampan_http.handoff import Hijacked, Offloaded
from sampan_http.tls import ReloadingContext, server_context

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


def app(environ, start):
    match environ["PATH_INFO"]:
        case "/big":
            body = b"x" * 5_000_000
        case "/who":
            body = environ["sampan.peer_certificate"] or b""
        case "/echo":
            body = environ["wsgi.input"].read()
        case "/stream":
            raise Offloaded(lambda: Reply(200, iter([b"a" * 100_000, b"b"])))
        case "/watch":
            raise Hijacked(lambda connection: connection.send(b"taken" * 100_000))
        case "/raw":
            raise Offloaded(run_raw=lambda sock: sock.sendall(sock.recv(100).upper()))
        case _:
            body = environ["wsgi.url_scheme"].encode()
    start("200 OK", [])
    return [body]


@pytest.fixture
def running(serve, pki):
    context = server_context(str(pki / "server.crt"), str(pki / "server.key"), str(pki / "ca.crt"))
    return serve(app, context=context)


@pytest.fixture
def connect(running, client_context):
    def connect(name=None, **wrap):
        context = wrap.pop("context", None) or client_context(name)
        return running.talk(context.wrap_socket(running.connect(), server_hostname="127.0.0.1", **wrap))

    return connect


def test_a_client_certificate_is_shown_to_the_application(connect, pki):
    known, anonymous = connect("client"), connect()

    known.say(GET % b"who" + GET % b"who")
    anonymous.say(GET % b"who")

    certificate = ssl.PEM_cert_to_DER_cert((pki / "client.crt").read_text())
    assert [known.answer()[2], known.answer()[2]] == [certificate, certificate]
    assert anonymous.answer()[2] == b""


def test_a_certificate_of_another_authority_is_refused(connect):
    with pytest.raises((OSError, EOFError)):  # alert, reset or end, as the race goes
        talk = connect("foreign")
        talk.say(GET % b"who")
        talk.head()


def test_a_resumed_session_keeps_the_client_certificate(running, connect, client_context):
    context = client_context("client")
    first = connect(context=context)
    first.say(GET % b"who")
    certificate = first.answer()[2]

    second = connect(context=context, session=first.sock.session)
    second.say(GET % b"who")

    assert second.sock.session_reused
    assert second.answer()[2] == certificate


def test_large_bodies_go_both_ways(connect):
    talk = connect()
    body = bytes(range(256)) * 10_000

    talk.say(GET % b"big" + b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
    assert talk.answer()[2] == b"x" * 5_000_000
    talk.say(body)

    assert talk.answer()[2] == body


def test_streams_and_takeovers_are_encrypted_too(connect):
    streaming, watching, raw = connect(), connect(), connect()

    streaming.say(GET % b"stream" + GET % b"scheme")
    watching.say(GET % b"watch")
    raw.say(GET % b"raw")
    raw.say(b"hello")

    assert streaming.answer()[2] == b"a" * 100_000 + b"b"
    assert streaming.answer()[2] == b"https"
    assert watching.read(500_000) == b"taken" * 100_000
    assert raw.read(5) == b"HELLO"
    assert raw.at_end()


def test_http_2_is_not_offered(running, connect, client_context):
    context = client_context()
    context.set_alpn_protocols(["h2", "http/1.1"])

    assert connect(context=context).sock.selected_alpn_protocol() == "http/1.1"


def test_plain_http_on_the_tls_port_ends_the_connection(running):
    talk = running.talk()

    talk.say(GET % b"")

    while not talk.at_end():  # an alert may come first
        pass
    assert running.clients() == 0


def test_a_handshake_that_does_not_go_on_is_given_up(serve, pki):
    context = server_context(str(pki / "server.crt"), str(pki / "server.key"))
    running = serve(app, {"head_seconds": 0.1}, context)

    silent = running.talk()
    silent.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    silent.say(b"\x16\x03\x01")

    assert silent.at_end()


@pytest.fixture
def files(pki, tmp_path):
    """A copy of the server's certificate, to be changed."""
    for name in ("server.crt", "server.key", "ca.crt"):
        shutil.copyfile(pki / name, tmp_path / name)
        os.utime(tmp_path / name, (1, 1))  # so that a change in the same tick of the kernel's clock is one
    return [str(tmp_path / name) for name in ("server.crt", "server.key", "ca.crt")]


def test_a_changed_certificate_makes_a_new_context(files, pki, tmp_path):
    certificates = ReloadingContext(*files)
    first = certificates.current()
    assert certificates.current() is first

    shutil.copyfile(pki / "client.key", tmp_path / "server.key")  # half of a pair: the old one stays in force
    assert certificates.current() is first
    shutil.copyfile(pki / "client.crt", tmp_path / "server.crt")

    assert certificates.current() is not first


def test_a_certificate_that_is_gone_leaves_the_old_one_in_force(files, tmp_path):
    certificates = ReloadingContext(*files)
    first = certificates.current()

    (tmp_path / "server.crt").unlink()

    assert certificates.current() is first


def test_new_connections_get_the_new_certificate(running, connect, pki):
    old = connect().sock.getpeercert()["serialNumber"]

    running.server.ssl_context = server_context(str(pki / "client.crt"), str(pki / "client.key"))

    assert connect().sock.getpeercert()["serialNumber"] != old


@pytest.mark.parametrize(("mode", "fronted"), [(0o660, True), (0o666, False)])
def test_a_unix_socket_speaks_no_tls_and_is_the_fronts_if_it_is_private(serve, pki, tmp_path, mode, fronted, caplog):
    def who(environ, start):
        start("200 OK", [])
        return [f"{environ['wsgi.url_scheme']} {environ['sampan.fronted']} {environ['REMOTE_ADDR']!r}".encode()]

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        (tmp_path / "socket").chmod(mode)
        listener.listen()
        talk = serve(
            who, context=server_context(str(pki / "server.crt"), str(pki / "server.key")), listener=listener
        ).talk()
        talk.say(GET % b"")

        assert talk.answer()[2] == f"http {fronted} ''".encode()
    assert ("umask" in caplog.text) is not fronted


def test_a_tcp_connection_is_never_the_front(serve):
    def who(environ, start):
        start("200 OK", [])
        return [str(environ["sampan.fronted"]).encode()]

    talk = serve(who).talk()
    talk.say(GET % b"")

    assert talk.answer()[2] == b"False"
