"""port-forward over SPDY, plain and inside a WebSocket."""

import threading

import pytest

FORWARD = "/portForward/default/web"


def echo(sock):
    with sock:
        while data := sock.recv(65536):
            sock.sendall(data.upper())
        sock.sendall(b"!")


def both(client, port="80", **more):
    """(error stream, data stream) of one connection."""
    return (
        client.open(streamtype="error", port=port, **more),
        client.open(streamtype="data", port=port, **more),
    )


def until_data(client, stream):
    while True:
        event = client.receive()
        if event[0] == "data" and event[1] == stream and event[2]:
            return event[2]


def test_a_plain_connection_is_upgraded_and_carries_bytes(spdy, pod):
    pod(80, echo)
    client = spdy(FORWARD, "portforward.k8s.io")
    assert client.status == 101
    assert b"Upgrade: SPDY/3.1" in client.head and b"X-Stream-Protocol-Version: portforward.k8s.io" in client.head

    first, second = both(client, requestid="0"), both(client, requestid="1")
    client.data(second[1], b"hello")
    assert until_data(client, second[1]) == b"HELLO"
    client.data(first[1], b"first")
    assert until_data(client, first[1]) == b"FIRST"


def test_half_a_close_reaches_the_pod_and_its_last_words_the_client(spdy, pod):
    pod(80, echo)
    client = spdy(FORWARD, "portforward.k8s.io")
    errors, data = both(client, requestid="0")

    client.data(data, b"bye", over=True)

    said, ended = b"", []
    while set(ended) != {errors, data}:
        event = client.receive()
        if event[0] == "data":
            said += event[2]
            ended += [event[1]] if event[3] else []
    assert said == b"BYE!"


def test_the_two_streams_may_come_in_any_order_and_without_a_number(spdy, pod):
    pod(80, echo)
    client = spdy(FORWARD, "portforward.k8s.io")
    data = client.open(streamtype="data", port="80", requestid="7")
    client.open(streamtype="error", port="80", requestid="7")
    old = both(client)

    client.data(data, b"a")
    assert until_data(client, data) == b"A"
    client.data(old[1], b"b")
    assert until_data(client, old[1]) == b"B"


def test_a_closed_port_is_reported_on_the_error_stream(spdy):
    client = spdy(FORWARD, "portforward.k8s.io")
    errors, data = both(client, port="81", requestid="0")

    assert until_data(client, errors).startswith(b"error forwarding port 81 to pod default/web: ")
    while (event := client.receive())[:2] != ("data", data):
        continue
    assert event[3]


@pytest.mark.parametrize(
    "headers",
    [
        {"streamtype": "data"}, {"streamtype": "data", "port": "http"}, {"streamtype": "stdin", "port": "80"},
        {"port": "80"},
    ],
)  # fmt: skip
def test_a_stream_that_makes_no_sense_is_reset(spdy, headers):
    client = spdy(FORWARD, "portforward.k8s.io")

    stream = client.open(**headers)

    assert client.receive() == ("reset", stream)


@pytest.mark.parametrize(("offered", "status"), [((), 400), (("portforward.k8s.io.v9",), 403)])
def test_a_client_of_another_protocol_is_refused(spdy, offered, status):
    assert spdy(FORWARD, *offered).status == status


def test_abandoned_and_half_opened_streams_leave_nothing(spdy, pod, leaves_nothing):
    gone = threading.Event()

    def silent(sock):
        with sock:
            gone.wait(30)
            sock.recv(1)

    def flood(sock):
        with sock:
            try:
                while True:
                    sock.sendall(b"x" * 65536)
            except OSError:
                return

    pod(80, silent)
    pod(81, flood)

    def act():
        clients = [spdy(FORWARD, "portforward.k8s.io") for _ in range(5)]
        for client in clients[1:]:
            client.open(streamtype="error", port="80", requestid="half")
            both(client, "80", requestid="0")
            both(client, "81", requestid="1")
            both(client, "82", requestid="2")
            client.receive()
        clients[1].data(5, b"", over=True)
        clients[2].reset(5)
        for client in clients:
            client.close()
        gone.set()

    leaves_nothing(act)


def test_a_websocket_may_carry_the_protocol(websocket):
    client = websocket(FORWARD, "SPDY/3.1+portforward.k8s.io")

    assert client.status == 101
    assert b"Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io" in client.head
