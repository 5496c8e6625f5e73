from __future__ import annotations

import socket

import pytest

from sampan_dns.connections import Connections


@pytest.fixture
def pair():
    made = []

    def make():
        ours, theirs = socket.socketpair()
        theirs.settimeout(0)
        made.append((ours, theirs))
        return ours, theirs

    yield make
    for ends in made:
        for end in ends:
            end.close()


def is_open(client):
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True


def test_the_one_that_is_idle_longest_makes_room(pair):
    known, (first, its_client), (second, other) = Connections(2, 2), pair(), pair()
    known.admit(first, "a"), known.admit(second, "b")
    known.begins(first), known.idles(first)

    assert known.admit(pair()[0], "c")

    assert is_open(its_client) and not is_open(other)


def test_who_has_as_many_as_one_may_makes_room_itself(pair):
    known, (own, its_client), (another, other) = Connections(9, 1), pair(), pair()
    known.admit(another, "b"), known.admit(own, "a")

    assert known.admit(pair()[0], "a")

    assert is_open(other) and not is_open(its_client)


def test_what_is_being_answered_is_not_closed(pair):
    known, (busy, client) = Connections(1, 1), pair()
    known.admit(busy, "a")
    known.begins(busy)

    assert not known.admit(pair()[0], "b")

    assert is_open(client)
    known.leave(busy)
    assert known.admit(pair()[0], "b")
