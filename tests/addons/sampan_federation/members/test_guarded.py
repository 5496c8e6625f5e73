from __future__ import annotations

import pytest

from sampan_client.transports import Response
from sampan_federation.members.breaker import Breaker
from sampan_federation.members.guarded import GuardedTransport


class Inner:
    selectable = True

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False
        self.longest = 0

    def send(self, method, path, headers, body):
        self.calls += 1
        if self.broken:
            raise ConnectionError("refused")
        return Response(503, {"retry-after": "3600", "x": "y"}, b"")

    def stream(self, path, headers, *, longest=0):
        self.longest = longest
        return self.send("GET", path, headers, None)

    def close(self):
        return None


def test_a_member_that_fails_is_not_asked():
    inner = Inner()
    guarded = GuardedTransport(inner, Breaker(lambda: 0.0), "east", longest=100)
    inner.broken = True
    for _ in range(5):
        with pytest.raises(ConnectionError):
            guarded.send("GET", "/", {}, None)
    with pytest.raises(ConnectionError, match="member east has failed and is not asked for 15 s more"):
        guarded.stream("/", {})

    assert inner.calls == 3


def test_a_member_cannot_make_the_host_wait():
    guarded = GuardedTransport(Inner(), Breaker(lambda: 0.0), "east", longest=100)

    assert guarded.send("GET", "/", {}, None).headers == {"x": "y"}


def test_lines_of_watches_are_bounded():
    inner = Inner()
    guarded = GuardedTransport(inner, Breaker(lambda: 0.0), "east", longest=100)
    guarded.stream("/", {})
    assert inner.longest == 100
    guarded.stream("/", {}, longest=7)
    assert inner.longest == 7
