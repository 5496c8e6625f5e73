from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan_server.cache.events import Event
from sampan_server.watch.audience import Audience
from sampan_server.watch.fanout import CHECKED_EVERY, FanOut
from sampan_server.watch.framing import CHUNKED


class Watcher:
    """Sees all events; ``sent`` is what it got, each send for itself."""

    def __init__(self):
        self.framing = CHUNKED
        self.sent = []
        self.view = SimpleNamespace(frame=lambda event: json.dumps(event.revision).encode() + b"\n", selection=self)
        self.namespace = self.name = ""

    def told(self):
        """Revisions, in order."""
        return [int(line) for line in b"".join(self.sent).split(b"\r\n")[1::2]]


class Clock:
    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def watchers():
    return [Watcher() for _ in range(4 * CHECKED_EVERY)]


@pytest.fixture
def audience(watchers):
    found = Audience()
    for each in watchers:
        found.join(each)
    return found


def made(step):
    return FanOut(lambda watcher, data: watcher.sent.append(data), clock=Clock(step))


def events(audience, *revisions):
    return [(audience, Event(each, f"/core/pods/ns/p{each}", None, None, 0.0)) for each in revisions]


def test_what_fits_into_a_turn_is_sent_in_it_by_one_call_for_each(watchers, audience):
    fan_out = made(step=0.0)

    fan_out.put(events(audience, 1, 2, 3))

    assert not fan_out.turn()
    assert all(each.told() == [1, 2, 3] and len(each.sent) == 1 for each in watchers)


def test_what_does_not_is_sent_in_the_next_turns_in_order(watchers, audience):
    fan_out, turns = made(step=0.005), 1
    fan_out.put(events(audience, 1, 2))

    assert fan_out.turn()
    reached = sum(bool(each.sent) for each in watchers)
    assert 0 < reached < len(watchers)
    fan_out.put(events(audience, 3))
    while fan_out.turn():
        turns += 1

    assert turns > 3
    assert all(each.told() == [1, 2, 3] for each in watchers)


def test_new_events_do_not_keep_a_watcher_from_those_it_waits_for(watchers, audience):
    fan_out = made(step=0.005)
    for revision in range(1, 30):
        fan_out.put(events(audience, revision))
        fan_out.turn()

    assert all(each.told()[:3] == [1, 2, 3] for each in watchers)


def test_what_a_watcher_has_not_got_can_be_taken_back(watchers, audience):
    fan_out = made(step=0.005)
    fan_out.put(events(audience, 1))
    fan_out.turn()
    last = watchers[-1]

    assert b"1\n" in fan_out.take(last)
    assert fan_out.take(last) == b""
    fan_out.finish()

    assert last.sent == []
    assert watchers[-2].told() == [1]


def test_what_is_added_comes_behind_what_is_encoded(watchers, audience):
    fan_out = made(step=0.0)
    fan_out.put(events(audience, 1))
    fan_out.encode_all()

    fan_out.add(watchers[0], b"2\r\n7\n\r\n")
    fan_out.finish()

    assert watchers[0].told() == [1, 7]
