import os
import socket
import stat

import grpc
import pytest

from sampan.errors import SampanError
from sampan_grpc.channel import CallError, Channel
from sampan_grpc.serving import Method, SocketServer
from sampan_grpc.wire import table

MESSAGES = table("""
    Text: text=1
    Number: n=1:int
""")


def length(asked):
    if asked["text"] == "wrong":
        raise ValueError("oh")
    if not asked["text"]:
        raise SampanError("it is empty")
    return {"n": len(asked["text"])}


@pytest.fixture
def imports():
    return []


@pytest.fixture
def server(tmp_path, imports):
    def library():
        imports.append("grpc")
        return grpc

    path = tmp_path / ("long" * 20) / ("longer" * 10) / "s.sock"
    methods = {"t.S/Length": Method("Text", "Number", length)}
    found = SocketServer(path, tmp_path / "private", MESSAGES, methods, library)
    found.start()
    yield path
    found.close()
    assert not path.exists()


@pytest.fixture
def channel(server):
    directory = os.open(server.parent, os.O_PATH)
    found = Channel(grpc, f"/proc/self/fd/{directory}/{server.name}", MESSAGES, connect_within=60_000)
    yield found
    found.close()
    os.close(directory)


def ask(channel, text, method="Length"):
    return channel.call(f"t.S/{method}", "Text", "Number", {"text": text}, patience=60)


def test_clients_are_answered_at_a_path_longer_than_an_address(channel, server):
    assert len(str(server)) > 108
    assert ask(channel, "four") == {"n": 4}
    assert ask(channel, "x" * 1_000_000) == {"n": 1_000_000}


def test_the_library_is_imported_with_the_first_client_and_once(channel, imports):
    assert imports == []

    ask(channel, "a")
    ask(channel, "b")

    assert imports == ["grpc"]


def test_what_goes_wrong_is_told_without_details_of_ours(channel):
    with pytest.raises(CallError) as raised:
        ask(channel, "")
    assert (raised.value.code, raised.value.details) == ("UNKNOWN", "it is empty")
    with pytest.raises(CallError) as raised:
        ask(channel, "wrong")
    assert (raised.value.code, raised.value.details) == ("INTERNAL", "t.S/Length failed")
    with pytest.raises(CallError) as raised:
        ask(channel, "x", method="Other")
    assert raised.value.code == "UNIMPLEMENTED"
    with pytest.raises(CallError) as raised:
        channel.call("t.S/Length", "Number", "Number", {"n": 7}, patience=60)
    assert raised.value.code == "INVALID_ARGUMENT"


def test_no_other_user_can_enter_the_private_directory(server, tmp_path):
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700


def test_a_client_is_turned_away_where_the_library_is_missing(tmp_path, caplog):
    def library():
        raise SampanError("pip install grpcio")

    found = SocketServer(tmp_path / "s.sock", tmp_path / "private", MESSAGES, {}, library)
    found.start()
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s.sock"))
            assert client.recv(1) == b""
    finally:
        found.close()
    assert "pip install grpcio" in caplog.text
