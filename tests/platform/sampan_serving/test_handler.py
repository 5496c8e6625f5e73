from __future__ import annotations

import socket
import ssl

import pytest

import sampan_pki as pki
from sampan_serving import server
from sampan_serving.handler import TlsHandler
from sampan_serving.subjects import subject_of
from sampan_testing.cluster import until


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki")
    pki.ensure(directory)
    return directory


@pytest.fixture
def start(keys):
    servers = []

    def started(context):
        class Handler(TlsHandler):
            timeout = handshake_seconds = 60

            def tls_context(self):
                if isinstance(context, Exception):
                    raise context
                return context

            def do_GET(self):
                certificate = self.request.getpeercert() if context else None
                body = " ".join(subject_of(certificate).names).encode() or b"without a certificate"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        servers.append(server.Server("127.0.0.1", 0, Handler, name="small"))
        servers[-1].start()
        return servers[-1]

    yield started
    for each in servers:
        each.stop()


def context(keys):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(keys / "kubelet.crt", keys / "kubelet.key")
    made.load_verify_locations(keys / "ca.crt")
    made.verify_mode = ssl.CERT_REQUIRED
    return made


def answer(sock):
    with sock, sock.makefile("rb") as file:
        sock.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        return file.read().rpartition(b"\r\n\r\n")[2]


def test_a_request_over_tls_is_answered_and_the_certificate_is_known(start, keys):
    port = start(context(keys)).port
    client = ssl.create_default_context(cafile=keys / "ca.crt")
    client.check_hostname = False
    client.load_cert_chain(keys / "apiserver-kubelet-client.crt", keys / "apiserver-kubelet-client.key")

    with client.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60)) as sock:
        assert answer(sock) == b"kube-apiserver-kubelet-client"


def test_without_a_context_it_is_plain_http(start):
    with socket.create_connection(("127.0.0.1", start(None).port), timeout=60) as sock:
        assert answer(sock) == b"without a certificate"


def test_a_handler_that_has_no_context_yet_closes_the_connection(start):
    serving = start(ConnectionError("no certificate yet"))

    with socket.create_connection(("127.0.0.1", serving.port), timeout=60) as sock:
        assert sock.recv(1) == b""
    until(lambda: serving.failed == 1)


def test_a_silent_client_delays_no_other(start, keys):
    port = start(context(keys)).port
    client = ssl.create_default_context(cafile=keys / "ca.crt")
    client.check_hostname = False
    client.load_cert_chain(keys / "apiserver-kubelet-client.crt", keys / "apiserver-kubelet-client.key")

    silent = socket.create_connection(("127.0.0.1", port), timeout=60)
    with silent, client.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60)) as sock:
        assert answer(sock) == b"kube-apiserver-kubelet-client"
