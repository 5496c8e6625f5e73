import contextlib
import socket
import struct
import threading

import pytest

from sampan_node.pod.grpc_health import NoAnswer, check


def frame(kind, flags, stream, payload):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def answer(message):
    return frame(1, 4, 1, b"\x88") + frame(0, 0, 1, b"\0" + struct.pack("!I", len(message)) + message)


@pytest.fixture
def server():
    """Sends a given answer to each client; what it was asked is in ``heard``."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(said):
        def run():
            connection, _ = listening.accept()
            with connection, contextlib.suppress(ConnectionError):
                heard.append(connection.recv(4096))
                connection.sendall(said)
                while connection.recv(4096):
                    pass

        heard = []
        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return listening.getsockname(), heard

    yield serve
    listening.close()
    for thread in threads:
        thread.join(30)


SETTINGS, PING = frame(4, 0, 0, b""), frame(6, 0, 0, b"12345678")


@pytest.mark.parametrize(
    ("message", "word"), [(b"\x08\x01", "SERVING"), (b"\x08\x02", "NOT_SERVING"), (b"", "UNKNOWN")]
)
def test_the_server_s_word_is_understood(server, message, word):
    address, heard = server(SETTINGS + PING + answer(message))

    assert check(address, "my.service", 60) == word

    assert heard[0].startswith(b"PRI * HTTP/2.0") and b"my.service" in heard[0]


def test_a_server_without_the_health_service_gives_no_answer(server):
    address, _ = server(SETTINGS + frame(1, 5, 1, b"\x88"))

    with pytest.raises(NoAnswer):
        check(address, "", 60)


def test_what_does_not_speak_http2_gives_no_answer(server):
    address, _ = server(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with pytest.raises(OSError):
        check(address, "", 60)


def test_silence_is_waited_for_only_so_long(server):
    address, _ = server(SETTINGS)

    with pytest.raises(TimeoutError):
        check(address, "", 0.2)
