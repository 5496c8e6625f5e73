"""port-forward as the Python, JavaScript and kr8s clients speak it."""

import socket
import threading

import pytest

FORWARD = "/portForward/default/web?port="


def echo(sock):
    with sock:
        while data := sock.recv(65536):
            sock.sendall(data.upper())


def test_each_port_has_a_channel_for_bytes_and_one_for_errors_that_begin_with_its_number(websocket, pod):
    pod(8000, echo)
    pod(443, echo)
    client = websocket(FORWARD + "8000,443", "v4.channel.k8s.io")

    assert b"Sec-WebSocket-Protocol: v4.channel.k8s.io" in client.head
    assert [client.receive()[1] for _ in range(4)] == [b"\0\x40\x1f", b"\1\x40\x1f", b"\2\xbb\x01", b"\3\xbb\x01"]
    client.send(b"\2hello")
    assert client.receive() == (2, b"\2HELLO")
    client.send(b"\0other")
    assert client.receive() == (2, b"\0OTHER")


def test_ports_may_also_come_one_by_one(websocket, pod):
    pod(8000, echo)
    client = websocket(FORWARD + "8000&port=8001", "v4.channel.k8s.io")

    assert sorted(client.receive()[1][:1] for _ in range(4)) == [b"\0", b"\1", b"\2", b"\3"]


def test_the_base64_kind_is_text(websocket, pod):
    pod(80, echo)
    client = websocket(FORWARD + "80", "v4.base64.channel.k8s.io")

    assert [client.receive() for _ in range(2)] == [(1, b"0UAA="), (1, b"1UAA=")]
    client.send(b"0aGVsbG8=", opcode=1)

    assert client.receive() == (1, b"0SEVMTE8=")


def test_a_closed_port_is_reported_on_its_error_channel_and_ends_it_all(websocket):
    client = websocket(FORWARD + "81", "v4.channel.k8s.io")
    seen = [client.receive() for _ in range(3)]

    assert seen[2][1].startswith(b"\1error forwarding port 81 to pod default/web: ")
    assert client.receive()[0] == 8


def test_one_port_s_end_leaves_the_others(websocket, pod):
    pod(80, echo)
    client = websocket(FORWARD + "81,80", "v4.channel.k8s.io")
    for _ in range(5):
        client.receive()

    client.send(b"\2still")

    assert client.receive() == (2, b"\2STILL")


def test_when_the_pod_closes_the_client_gets_all_and_then_a_goodbye(websocket, pod):
    def serve(sock):
        with sock:
            sock.recv(10)
            sock.sendall(b"x" * 100_000)

    pod(80, serve)
    client = websocket(FORWARD + "80", "v4.channel.k8s.io")
    assert [client.receive()[1] for _ in range(2)] == [b"\0\x50\0", b"\1\x50\0"]
    client.send(b"\0go")

    size = 0
    while (frame := client.receive())[0] != 8:
        assert frame[1][:1] == b"\0"
        size += len(frame[1]) - 1
    assert size == 100_000


@pytest.mark.parametrize("query", ["", "port=", "port=0", "port=65536", "port=http", "port=80,", "port=-1"])
def test_what_is_no_port_is_refused(websocket, query):
    assert websocket(f"/portForward/default/web?{query}", "v4.channel.k8s.io").status == 400


def test_abandoned_and_silent_clients_leave_nothing(websocket, pod, leaves_nothing):
    def silent(sock):
        with sock:
            sock.recv(1)

    def flood(sock):  # the client does not read it
        with sock:
            try:
                while True:
                    sock.sendall(b"x" * 65536)
            except OSError:
                return

    pod(80, silent)
    pod(81, flood)

    def act():
        clients = [websocket(FORWARD + "80,81,82", "v4.channel.k8s.io") for _ in range(5)]
        for client in clients:
            client.receive()
        clients[0].socket.shutdown(socket.SHUT_WR)
        clients[1].send(b"\x03\xe8", opcode=8)
        for client in clients:
            client.close()

    leaves_nothing(act)


def test_bytes_sent_before_the_port_was_dialled_arrive(websocket, pod, runtime):
    pod(80, echo)
    go_on = threading.Event()
    dial = runtime.dial
    runtime.dial = lambda sandbox, port: go_on.wait(30) and dial(sandbox, port)
    client = websocket(FORWARD + "80", "v4.channel.k8s.io")
    assert [client.receive()[1] for _ in range(2)] == [b"\0\x50\0", b"\1\x50\0"]

    client.send(b"\0early")
    go_on.set()

    assert client.receive() == (2, b"\0EARLY")
