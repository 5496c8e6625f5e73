"""Logs over a WebSocket."""

import base64

import pytest

LOGS = "/containerLogs/default/web/main"


@pytest.mark.parametrize("protocol", ["binary.k8s.io", ""])
def test_lines_come_as_bytes_after_an_empty_message(websocket, protocol):
    client = websocket(LOGS, protocol)

    assert client.status == 101
    assert [client.receive() for _ in range(3)] == [(2, b""), (2, b"one\n"), (2, b"two\n")]
    assert client.receive()[0] == 8


def test_or_as_base64(websocket):
    client = websocket(LOGS, "base64.binary.k8s.io")

    assert [base64.b64decode(client.receive()[1]) for _ in range(3)] == [b"", b"one\n", b"two\n"]


def test_other_protocols_are_refused_and_so_are_bad_options(websocket):
    assert websocket(LOGS, "v4.channel.k8s.io").status == 400
    assert websocket(LOGS + "?tailLines=x", "binary.k8s.io").status == 400


def test_a_client_that_leaves_while_following_leaves_nothing(websocket, leaves_nothing):
    def act():
        clients = [websocket(LOGS + "?follow=true", "binary.k8s.io") for _ in range(3)]
        for client in clients:
            assert [client.receive()[1] for _ in range(3)] == [b"", b"one\n", b"two\n"]
        clients[0].send(b"\x03\xe8", opcode=8)
        for client in clients:
            client.close()

    leaves_nothing(act)
