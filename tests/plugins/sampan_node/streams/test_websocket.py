"""Frames that are made here, beside wsproto's."""

import pytest
from wsproto import connection, events

from sampan_node.streams.websocket import WebSocketConnection


class Link:
    """What was sent; nothing comes."""

    def __init__(self):
        self.sent = b""

    def send(self, data):
        self.sent += data
        return True


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
def test_a_message_is_framed_as_wsproto_does_it(length):
    link, message = Link(), b"x" * length

    assert WebSocketConnection(link).send(message)

    theirs = connection.Connection(connection.ConnectionType.SERVER)
    assert link.sent == theirs.send(events.BytesMessage(data=message))


def test_a_client_reads_messages_of_both_makers_in_their_order():
    link, client = Link(), connection.Connection(connection.ConnectionType.CLIENT)
    ours = WebSocketConnection(link)
    ours.send(b"one")
    ours.send_text("two")
    ours.send(b"three")

    client.receive_data(link.sent)

    assert [one.data for one in client.events()] == [b"one", "two", b"three"]


def test_nothing_is_sent_after_the_close_frame():
    link = Link()
    ours = WebSocketConnection(link)
    ours.close()
    before = link.sent

    assert not ours.send(b"late")
    assert link.sent == before
