from __future__ import annotations

import pytest

from sampan_federation.execution.budget import EACH, LEAST, BudgetTransport


class Flood:
    """A watch that never ends."""

    status, ended, body, selectable = 200, False, b"", True

    def __init__(self, size):
        self.size, self.closed = size, False

    def read(self, timeout=None, most=0):
        return [b"x" * self.size]

    def fileno(self):
        return 7

    def wait(self, timeout=None):
        return None

    def close(self):
        self.closed = True

    def stream(self, path, headers, longest=0):
        return self

    def send(self, *request):
        return request


def test_a_member_may_not_send_more_than_its_objects_can_be():
    flood = Flood(1 << 20)
    stream = BudgetTransport(flood, lambda: 0).stream("/", {})

    with pytest.raises(ConnectionError, match="more in one watch"):
        for _ in range(LEAST // flood.size + 1):
            stream.read(0)


def test_more_objects_may_be_larger():
    flood = Flood(LEAST + 1)
    stream = BudgetTransport(flood, lambda: LEAST // EACH).stream("/", {})

    assert stream.read(0)


def test_else_it_is_the_stream_that_it_reads():
    flood = Flood(1)
    transport = BudgetTransport(flood, lambda: 0)
    stream = transport.stream("/", {})

    assert (stream.status, stream.ended, stream.body, stream.fileno()) == (200, False, b"", 7)
    assert stream in {flood} and flood in {stream}
    stream.wait(0)
    stream.close()
    assert flood.closed
    assert transport.send("GET", "/", {}, None) == ("GET", "/", {}, None)
    transport.close()
