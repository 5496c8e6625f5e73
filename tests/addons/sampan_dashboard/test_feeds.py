from __future__ import annotations

import json
import threading

import pytest

from sampan.errors import Forbidden
from sampan_dashboard import feeds
from sampan_dashboard.feeds import Change, Feeds, number, sse
from sampan_machinery.resources import PODS

KEY = (PODS, "shop", "")


class Stream:
    """Lines that a test gives."""

    def __init__(self, lines=(), status=200, body=b""):
        self.lines, self.status, self.body, self.closed = list(lines), status, body, threading.Event()

    @property
    def ended(self):
        return self.closed.is_set() or not self.lines

    def fileno(self):
        return -1

    def wait(self, timeout=None):
        return None

    def read(self, timeout=None, most=0):
        found, self.lines = self.lines, []
        return found

    def close(self):
        self.closed.set()


class Transport:
    selectable = False

    def __init__(self, *streams):
        self.streams, self.paths = list(streams), []

    def stream(self, path, headers, *, longest=0):
        self.paths.append(path)
        if not self.streams:
            raise ConnectionError("no more")
        return self.streams.pop(0)


class Client:
    def __init__(self, *streams):
        self.transport = Transport(*streams)


def line(type_, revision, *names):
    rows = [{"cells": [name], "object": {"metadata": {"name": name, "resourceVersion": revision}}} for name in names]
    return json.dumps({"type": type_, "object": {"metadata": {"resourceVersion": revision}, "rows": rows}}).encode()


class Heard:
    def __init__(self):
        self.changes, self._more = [], threading.Condition()

    def __call__(self, changes):
        with self._more:
            self.changes += changes
            self._more.notify_all()

    def wait(self, count):
        with self._more:
            assert self._more.wait_for(lambda: len(self.changes) >= count, 30)
        return self.changes


@pytest.fixture
def heard():
    return Heard()


def test_rows_are_told_with_their_revisions(heard):
    found = Feeds(Client(Stream([line("ADDED", "5", "a"), line("BOOKMARK", "6"), line("DELETED", "7", "a")])))

    found.join(KEY, "4", heard)

    assert [(each.type, each.revision) for each in heard.wait(2)] == [("ADDED", 5), ("DELETED", 7)]
    found.close()


def test_a_watch_that_ended_goes_on_where_it_was(heard, monkeypatch):
    monkeypatch.setattr(feeds, "AGAIN", 0.01)
    client = Client(
        Stream([line("ADDED", "5", "a")]), Stream([line("BOOKMARK", "9")]), Stream([line("ADDED", "10", "b")])
    )
    found = Feeds(client)

    found.join(KEY, "4", heard)
    heard.wait(2)
    found.close()

    assert [path.partition("resourceVersion=")[2].partition("&")[0] for path in client.transport.paths[:3]] == [
        "4",
        "5",
        "9",
    ]


@pytest.mark.parametrize("code", [403, 410])
def test_a_watch_that_is_refused_makes_pages_load_again(heard, code):
    found = Feeds(Client(Stream(status=code, body=json.dumps({"code": code}).encode())))

    found.join(KEY, "4", heard)

    assert heard.wait(1) == [Change("RELOAD", {}, 0)]
    found.close()


def test_an_error_event_is_no_row(heard):
    error = Forbidden("no").to_status()
    found = Feeds(Client(Stream([json.dumps({"type": "ERROR", "object": error}).encode()])))

    found.join(KEY, "4", heard)

    assert heard.wait(1)[0].type == "RELOAD"
    found.close()


def test_a_late_page_catches_up_and_the_last_one_ends_the_watch(heard):
    stream = Stream([line("ADDED", "5", "a")])
    late = Heard()
    found = Feeds(Client(stream))
    leave = found.join(KEY, "4", heard)
    heard.wait(1)

    leave_late = found.join(KEY, "4", late)
    assert [each.revision for each in late.wait(1)] == [5]
    leave()
    assert found.count() == 1
    leave_late()
    assert found.count() == 0


def test_a_page_from_before_the_watch_began_is_told_to_load_again(heard):
    old = Heard()
    found = Feeds(Client(Stream([line("ADDED", "9", "a")])))
    found.join(KEY, "8", heard)

    found.join(KEY, "3", old)

    assert old.wait(1)[0].type == "RELOAD"
    found.close()


def test_a_listener_that_fails_does_not_stop_the_others(heard):
    found = Feeds(Client(Stream([line("ADDED", "5", "a")])))
    feed = feeds.Feed(found._client, KEY, "4")
    feed.add(lambda changes: 1 / 0, "4")
    feed.add(heard, "4")

    feed._take([line("ADDED", "5", "a")])

    assert heard.wait(1)[0].revision == 5


def test_what_fell_out_of_memory_makes_a_page_load_again(heard):
    feed = feeds.Feed(Client(), KEY, "0")
    feed._take([line("ADDED", str(number), "a") for number in range(1, feeds.KEPT + 2)])

    feed.add(heard, "1")

    assert heard.wait(1)[0].type == "RELOAD"


def test_an_event_is_one_line_of_json():
    assert sse("row", {"html": "a\nb"}) == b'event: row\ndata: {"html":"a\\nb"}\n\n'
    assert (number("12"), number("")) == (12, -1)
