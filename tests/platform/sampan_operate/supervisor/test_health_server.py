from __future__ import annotations

import socket

import pytest

from sampan.errors import ConfigError
from sampan_operate.supervisor.health import ProcessHealth
from sampan_operate.supervisor.health_server import HealthServer, parse_address, respond
from sampan_operate.supervisor.inquiry import ask, components, socket_of


@pytest.fixture
def exposure():
    found = HealthServer(ProcessHealth(["a"]))
    yield found
    found.close()


def said(head):
    return respond(ProcessHealth(["a"]), head + b"\r\n\r\n")


def test_only_questions_are_answered():
    assert said(b"POST /livez HTTP/1.1").startswith(b"HTTP/1.1 405 ")
    assert said(b"nonsense").startswith(b"HTTP/1.1 400 ")
    assert said(b"GET /x HTTP/1.1").startswith(b"HTTP/1.1 404 ")
    assert said(b"HEAD /livez HTTP/1.1").endswith(b"\r\n\r\n")
    assert said(b"GET /livez?verbose HTTP/1.1").endswith(b"\r\n\r\nok")


def test_the_same_is_served_on_tcp(exposure):
    host, _, port = exposure.on_address("127.0.0.1:0").rpartition(":")

    with socket.create_connection((host, int(port)), timeout=30) as end:
        end.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        with end.makefile("rb") as answer:
            assert answer.read().endswith(b"\r\n\r\nok")


def test_a_taken_address_is_named_with_the_way_out(exposure):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"{place} cannot be listened on .*choose another --listen"):
            exposure.on_address(place)


def test_a_socket_deep_in_the_tree_is_reached(exposure, tmp_path):
    deep = tmp_path / ("deep" * 20) / "home"
    (deep / "run").mkdir(parents=True)

    exposure.on_file(socket_of(deep, "a"))

    assert ask(socket_of(deep, "a"), "/livez") == (200, b"ok")
    assert components(deep, "a")["a"]["state"] == "starting"


def test_what_a_killed_process_left_is_replaced(exposure, tmp_path):
    path = tmp_path / "a.sock"
    path.write_text("left")

    exposure.on_file(path)

    assert ask(path, "/livez")[0] == 200


def test_without_an_answer_nothing_is_known(tmp_path):
    assert components(tmp_path, "a") == {}


def test_more_than_a_question_is_not_read(exposure, tmp_path):
    path = tmp_path / "a.sock"
    exposure.on_file(path)
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(60)
        end.connect(str(path))
        try:
            end.sendall(b"x" * 100_000)
            assert end.recv(10) == b""
        except OSError:
            pass  # cut off before all was sent


@pytest.mark.parametrize(
    ("text", "place"), [("127.0.0.1:80", ("127.0.0.1", 80)), (":8080", ("0.0.0.0", 8080)), ("[::1]:1", ("::1", 1))]
)
def test_an_address_is_host_and_port(text, place):
    assert parse_address(text) == place


@pytest.mark.parametrize("text", ["80", "localhost", "a:b", ":99999"])
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigError, match="HOST:PORT"):
        parse_address(text)
