from __future__ import annotations

import logging
import socket
from http.server import BaseHTTPRequestHandler

import pytest

from sampan_serving import server
from sampan_testing.cluster import until


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/fault":
            raise ValueError("a fault of the handler")
        if self.path == "/gone":
            raise ConnectionResetError("the client went away")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def serving():
    made = server.Server("127.0.0.1", 0, Handler, name="small")
    made.start()
    yield made
    made.stop()


def ask(port, path):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return client.makefile("rb").read()


def test_it_answers(serving):
    assert ask(serving.port, "/").startswith(b"HTTP/1.0 204")


def test_a_connection_that_fails_is_counted_and_no_error_is_logged(serving, caplog):
    with caplog.at_level(logging.INFO):
        assert ask(serving.port, "/gone") == b""
        until(lambda: serving.failed == 1)

    assert not caplog.records


def test_a_fault_of_the_handler_is_logged_with_the_servers_name(serving, caplog):
    ask(serving.port, "/fault")

    until(lambda: [record for record in caplog.records if record.getMessage().startswith("small: a request of")])
    assert serving.failed == 0


def test_the_hosts_name_is_not_looked_up(monkeypatch):
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("asked DNS"))

    server.Server("127.0.0.1", 0, Handler, name="small").stop()


def test_an_address_in_use_is_an_error(serving):
    with pytest.raises(OSError):
        server.Server("127.0.0.1", serving.port, Handler, name="second")
