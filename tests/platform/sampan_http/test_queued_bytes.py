from __future__ import annotations

import pytest

from sampan_http.queued_bytes import QueuedBytes


@pytest.fixture
def queued():
    return QueuedBytes(100)


def never():
    raise AssertionError("closed")


def buffer(size):
    return bytes(bytearray(size))


def test_a_shared_buffer_is_counted_once(queued):
    shared = buffer(90)

    for connection in range(50):
        queued.add(connection, shared, never)

    assert queued.total == 90


def test_it_is_counted_until_the_last_piece_is_removed(queued):
    shared = buffer(90)
    queued.add("a", shared, never)
    queued.add("b", shared, never)
    queued.add("b", shared, never)

    queued.remove("a", shared)
    queued.remove("b", shared)
    assert queued.total == 90

    queued.remove("b", shared)
    assert queued.total == 0


def test_over_the_limit_the_oldest_queues_are_closed(queued):
    buffers = {name: buffer(40) for name in "abc"}
    closed = []

    def close(name):
        def act():
            closed.append(name)
            queued.remove(name, buffers[name])

        return act

    for name in "abc":
        queued.add(name, buffers[name], close(name))

    assert closed == ["a"]
    assert queued.total == 80


def test_an_emptied_queue_counts_as_new(queued):
    buffers = {name: buffer(40) for name in "abc"}
    closed = []
    queued.add("a", buffers["a"], never)
    queued.add("b", buffers["b"], lambda: (closed.append("b"), queued.remove("b", buffers["b"])))
    queued.remove("a", buffers["a"])
    queued.add("a", buffers["a"], never)

    queued.add("c", buffers["c"], never)

    assert closed == ["b"]


def test_a_single_connection_may_exceed_the_limit(queued):
    queued.add("a", buffer(500), never)

    assert queued.total == 500
