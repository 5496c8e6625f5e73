from __future__ import annotations

import socket
import threading

import pytest

from sampan_docker.daemon import bridge_address, trouble


@pytest.fixture
def serve(tmp_path):
    """A daemon that answers once."""
    path = str(tmp_path / "docker.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threads = []

    def start(answer):
        def once():
            connection, _ = listener.accept()
            with connection:
                connection.recv(256)
                connection.sendall(answer)

        threads.append(threading.Thread(target=once))
        threads[-1].start()
        return path

    yield start
    for thread in threads:
        thread.join(30)
    listener.close()


def test_a_daemon_that_answers_is_no_trouble(serve):
    assert trouble(serve(b"HTTP/1.0 200 OK\r\n\r\nOK")) == ""


def test_one_that_refuses_is(serve):
    assert trouble(serve(b"HTTP/1.0 503 Starting\r\n\r\n")) == "no Docker daemon answers (it refuses a ping)"


def test_a_socket_that_is_not_there_is_named(tmp_path):
    assert trouble(str(tmp_path / "gone")) == "no Docker daemon answers (No such file or directory)"


def test_an_interface_has_its_address_or_none():
    assert bridge_address("lo") == "127.0.0.1"
    assert bridge_address("no-such-thing") == ""
