"""A real Server in a thread, and sockets to talk to it."""

import datetime
import ipaddress
import socket
import ssl
import threading
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sampan_http import Limits, Server
from sampan_testing.cluster import until

#: No deadline passes while a test runs, however slow the machine is: a test that wants one says so.
PATIENT = Limits(
    head_seconds=120.0,
    body_seconds=120.0,
    body_grace_seconds=120.0,
    body_total_seconds=120.0,
    idle_seconds=120.0,
    write_seconds=120.0,
    linger_seconds=60.0,
    graceful_seconds=60.0,
    last_request_seconds=60.0,
    tick_seconds=0.02,
    thread_idle_seconds=0.05,
)


class Talk:
    """A raw client connection."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(60)
        self._file = sock.makefile("rb")

    def say(self, data):
        self.sock.sendall(data)

    def head(self):
        """Status code and headers (lower-case names) of the next answer."""
        line = self._file.readline()
        if not line:
            raise EOFError
        headers = {}
        while (field := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = field.decode().partition(":")
            headers[name.lower()] = value.strip()
        return int(line.split()[1]), headers

    def answer(self, bodyless=False):
        """Status code, headers and whole body of the next answer."""
        code, headers = self.head()
        if bodyless or code == 100:
            return code, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            return code, headers, b"".join(iter(self.chunk, b""))
        if "content-length" in headers:
            return code, headers, self._file.read(int(headers["content-length"]))
        return code, headers, self._file.read()

    def chunk(self):
        size = int(self._file.readline(), 16)
        data = self._file.read(size)
        self._file.readline()
        return data

    def read(self, size):
        return self._file.read(size)

    def at_end(self):
        """The server has closed the connection, and sent nothing more."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self._file.close()
        self.sock.close()


class Running:
    def __init__(self, app, limits, context, listener=None, successors=None):
        self.listener = listener or socket.create_server(("127.0.0.1", 0), backlog=512)
        self.server = Server(app, [self.listener], limits=limits, ssl_context=context, successors=successors)
        self.thread = threading.Thread(target=self.server.run)
        self.talks = []
        self.thread.start()

    def connect(self):
        sock = socket.socket(self.listener.family)
        sock.settimeout(60)
        sock.connect(self.listener.getsockname())
        return sock

    def talk(self, sock=None):
        self.talks.append(Talk(sock or self.connect()))
        return self.talks[-1]

    def on_loop(self, function):
        """The function's result, from the loop thread."""
        done, results = threading.Event(), []
        self.server.loop.call_soon(lambda: (results.append(function()), done.set()))
        assert done.wait(30)
        return results[0]

    def clients(self):
        return self.on_loop(lambda: len(self.server._context.clients))

    def limit(self, count, **limits):
        """Other limits from now on, once ``count`` connections are accepted: their time counts from what they send
        next, and not from a moment that the test has not seen."""
        until(lambda: self.clients() == count)
        context = self.server._context
        self.on_loop(lambda: setattr(context, "limits", replace(context.limits, **limits)))

    def stop(self):
        self.server.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()

    def close(self):
        for talk in self.talks:
            talk.close()
        self.stop()
        self.listener.close()


@pytest.fixture
def serve():
    """serve(app, {"head_seconds": …}, context=…) → Running; limits that are not named are PATIENT's."""
    runnings = []

    def start(app, limits=None, context=None, listener=None, successors=None):
        runnings.append(Running(app, replace(PATIENT, **(limits or {})), context, listener, successors))
        return runnings[-1]

    yield start
    for running in runnings:
        running.close()


def _issue(directory, name, issuer=None):
    """A certificate and key as PEM files; (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    )
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (directory / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """A directory with ca, server, client and foreign (of another authority): .crt and .key."""
    directory = tmp_path_factory.mktemp("pki")
    ca = _issue(directory, "ca")
    _issue(directory, "server", ca)
    _issue(directory, "client", ca)
    _issue(directory, "foreign", _issue(directory, "other"))
    return directory


@pytest.fixture
def client_context(pki):
    """client_context("client") → an SSLContext that shows that certificate; none without a name."""

    def build(name=None):
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        if name:
            context.load_cert_chain(pki / f"{name}.crt", pki / f"{name}.key")
        return context

    return build
