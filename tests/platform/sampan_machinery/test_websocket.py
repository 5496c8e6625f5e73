"""Frames and the handshake, by the RFC's own examples and as wsproto reads them."""

from __future__ import annotations

import pytest
from wsproto.connection import Connection, ConnectionType

from sampan_machinery.websocket import BINARY, NORMAL_CLOSE, accept_value, message


def test_the_answer_to_the_rfcs_key():
    """RFC 6455, section 1.3."""
    assert accept_value("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 100_000])
def test_a_message_of_any_length_is_read_as_it_was(size):
    client = Connection(ConnectionType.CLIENT)

    client.receive_data(message(b"x" * size, BINARY))

    assert b"".join(bytes(event.data) for event in client.events()) == b"x" * size


def test_the_end_is_a_normal_one():
    client = Connection(ConnectionType.CLIENT)

    client.receive_data(NORMAL_CLOSE)

    assert next(iter(client.events())).code == 1000
