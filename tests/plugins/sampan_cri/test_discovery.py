import contextlib
import socket
import threading

import pytest

from sampan.errors import ConfigError
from sampan_cri import discovery


def test_a_cri_runtime_answers(fake):
    assert discovery.refusal(fake.path) == ""


def test_a_server_without_the_service_is_no_runtime(fake):
    del fake.answers["Version"]

    assert "not to CRI v1" in discovery.refusal(fake.path)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_speaks_no_grpc_is_no_runtime(tmp_path, answer):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def serve():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):  # the client leaves when it wants
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert "not to CRI v1" in discovery.refusal(str(tmp_path / "s"))
        thread.join()


def test_nothing_at_the_socket_is_told(tmp_path):
    assert "No such file" in discovery.refusal(str(tmp_path / "none"))


def test_the_variable_goes_before_the_usual_places(fake, monkeypatch, tmp_path):
    assert discovery.found([str(tmp_path / "none"), fake.path]) == fake.path
    monkeypatch.setenv(discovery.VARIABLE, "unix:///else.sock")
    assert discovery.found([fake.path]) == "/else.sock"
    assert "/else.sock" in discovery.trouble()


def test_without_a_runtime_the_trouble_names_the_places(monkeypatch):
    monkeypatch.delenv(discovery.VARIABLE, raising=False)
    monkeypatch.setattr(discovery, "found", lambda: "")

    assert discovery.USUAL[0] in discovery.trouble()


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert "pip install 'sampan[cri]'" in discovery.trouble()


def test_an_endpoint_is_a_path_with_or_without_its_scheme():
    assert discovery.path_of("unix:///run/x.sock") == discovery.path_of("/run/x.sock") == "/run/x.sock"
    with pytest.raises(ConfigError, match=r"plugins\.cri\.endpoint"):
        discovery.path_of("tcp://localhost:1")


def test_pods_reach_the_machine_at_an_address():
    assert discovery.host_address() == "" or socket.inet_aton(discovery.host_address())
