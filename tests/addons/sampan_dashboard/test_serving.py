from __future__ import annotations

import os
import socket
import stat
import urllib.request

import pytest

from sampan_dashboard.serving import OnPool, PageServer


def app(environ, start_response):
    fronted = str(bool(environ["sampan.fronted"])).encode() if "sampan.fronted" in environ else b"other"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [b"fronted: ", fronted]


def test_pages_are_answered_from_the_pool_with_all_their_headers(tmp_path):
    server = PageServer(app, "127.0.0.1", 0)
    server.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=60) as answer:
            assert answer.read() == b"fronted: False"
            assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
            assert answer.headers.get_all("Content-Length") == ["14"]
    finally:
        server.stop()


def test_the_socket_of_this_machine_is_for_its_user_alone(tmp_path):
    path = str(tmp_path / "s.sock")
    (tmp_path / "s.sock").touch()  # left by an ended process
    server = PageServer(app, "127.0.0.1", 0, unix=path)
    server.start()
    try:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)
            sock.connect(path)
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            found = b""
            while piece := sock.recv(4096):
                found += piece
        assert found.endswith(b"fronted: True")
    finally:
        server.stop()
    assert not os.path.exists(path)


def test_an_address_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            PageServer(app, "127.0.0.1", port)


def test_another_server_calls_the_application_itself():
    said = []

    assert list(OnPool(app)({}, lambda *given: said.append(given))) == [b"fronted: ", b"other"]
    assert said[0][0] == "200 OK"
