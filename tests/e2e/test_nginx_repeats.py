"""What nginx does with a request whose server goes away: reads are asked again, writes never."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import fronts
import load
import pytest
from clusters import until

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Unsteady:
    """In the API server's place: answers, and where the path says so, goes away instead, once."""

    def __init__(self, path: Path) -> None:
        self.asked: list[str] = []  # method and path of every request
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(150)
        self._listener.close()

    def _accept(self) -> None:
        try:
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()
        except OSError:
            return

    def _serve(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as lines:
            while line := lines.readline():
                length = 0
                while (header := lines.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                lines.read(length)
                asked = " ".join(line.decode().split()[:2])
                self.asked.append(asked)
                if "/gone" in asked and self.asked.count(asked) == 1:
                    return
                sock.sendall(ANSWER)


@pytest.fixture(scope="module")
def unsteady(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[tuple[Unsteady, HTTPSConnection]]:
    front = fronts.new(tmp_path_factory.mktemp("repeats") / "home", tools)
    front.cluster.sampan("prepare")
    front.write()
    server = Unsteady(front.socket)
    front.begin_nginx()
    connection = HTTPSConnection("127.0.0.1", front.cluster.port, context=load.context(front.home), timeout=90)
    try:
        until(lambda: fronts.is_open(front.cluster.port), why=front.logs())
        yield server, connection
    finally:
        connection.close()
        server.close()
        front.stop()


def ask(connection: HTTPSConnection, method: str, path: str, body: str | None) -> tuple[int, dict, str | None]:
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()), answer.getheader("Retry-After")


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", "{}"), ("POST", None), ("PATCH", "{}"), ("PUT", "{}"), ("DELETE", "{}"), ("DELETE", None)],
)
def test_a_write_whose_server_goes_away_is_not_repeated(unsteady, method, body):
    server, connection = unsteady
    path = f"/gone/{method}/{bool(body)}%20a"
    assert ask(connection, "GET", "/kept", None)[0] == 200  # so that the write takes a connection that is kept

    status, answer, retry = ask(connection, method, path, body)

    assert server.asked.count(f"{method} {path}") == 1
    assert (status, answer["reason"], retry) == (503, "ServiceUnavailable", None)
    assert "not known" in answer["message"]


def test_a_read_whose_server_goes_away_is_asked_again(unsteady):
    server, connection = unsteady
    assert ask(connection, "GET", "/kept", None)[0] == 200

    assert ask(connection, "GET", "/gone/read", None)[0] == 200
    assert server.asked.count("GET /gone/read") == 2
