from __future__ import annotations

import html as entities
import json
import re
import threading
from types import SimpleNamespace

from sampan_client.paths import with_query
from sampan_dashboard import feeds, live, logs
from sampan_dashboard.feeds import Feeds
from sampan_dashboard.live import LogStreams, Pulled
from sampan_machinery.resources import CONFIG_MAPS, PODS
from sampan_testing.cluster import until

HOSTILE = '"><script>alert(1)</script>'


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

    def open_lines(self, path, *, query=None, longest=0):
        return self.transport.stream(with_query(path, query), {})


class Heard:
    """Bytes that a browser got."""

    def __init__(self):
        self.text, self._more = b"", threading.Condition()

    def __call__(self, data):
        with self._more:
            self.text += data
            self._more.notify_all()

    def wait(self, part):
        with self._more:
            assert self._more.wait_for(lambda: part in self.text, 60), self.text


def live_of(html):
    return entities.unescape(re.search(r'data-live="([^"]+)"', html)[1])


def test_rows_come_change_and_go_on_an_open_page(site, cluster, shop, events):
    browser = site.sign_in()
    path = live_of(browser.text("/l/configmaps?namespace=shop&labels=live=yes"))
    metadata = {"name": "lively", "labels": {"live": "yes"}}

    with events(path, browser) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream"
        assert "script-src 'self'" in stream.answer.headers["content-security-policy"]
        made = cluster.client.create(CONFIG_MAPS, {"metadata": metadata}, shop)
        came = stream.next()
        cluster.client.patch(CONFIG_MAPS, "lively", {"data": {"a": "1"}}, shop)
        changed = stream.next()
        cluster.client.delete(CONFIG_MAPS, "lively", shop)
        went = stream.next()

    uid = made["metadata"]["uid"]
    assert [each[0] for each in (came, changed, went)] == ["row"] * 3
    assert [(each[1]["uid"], each[1]["new"], each[1]["gone"]) for each in (came, changed, went)] == [
        (uid, True, False), (uid, False, False), (uid, False, True),
    ]  # fmt: skip
    assert '<a href="/o/configmaps/shop/lively">lively</a>' in came[1]["html"]
    assert ">1</td>" in changed[1]["html"]
    cluster.until(lambda: browser.session.account.feeds.count() == 0, 60)


def test_what_was_changed_between_the_page_and_its_stream_is_not_missed(site, cluster, shop, events):
    browser = site.sign_in()
    path = live_of(browser.text("/l/configmaps?namespace=shop"))
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "between"}}, shop)

    with events(path, browser) as stream:
        assert "between" in stream.next()[1]["html"]
    cluster.client.delete(CONFIG_MAPS, "between", shop)


def test_two_pages_of_a_user_share_a_watch_and_two_users_do_not(site, cluster, shop, events):
    one, other = site.sign_in(), site.sign_in()
    path = live_of(one.text("/l/configmaps?namespace=shop"))

    with events(path, one) as first, events(path, one) as second, events(path, other) as third:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "shared"}}, shop)
        assert ["shared" in stream.next()[1]["html"] for stream in (first, second, third)] == [True] * 3
        assert one.session.account.feeds.count() == other.session.account.feeds.count() == 1
    cluster.client.delete(CONFIG_MAPS, "shared", shop)


def test_a_page_that_is_too_old_is_told_to_load_again(site, shop, events):
    browser = site.sign_in()
    path = "/live/l/configmaps?namespace=shop&since="

    with (
        events(path + re.search(r"since=(\d+)", live_of(browser.text("/l/configmaps")))[1], browser),
        events(path + "1", browser) as stream,
    ):
        assert stream.next() == ("reload", {})


def test_a_user_without_the_right_gets_no_stream(reader, served, events):
    with events("/live/l/secrets?namespace=shop", reader) as stream:
        assert stream.answer.status == 403
        assert stream.answer.read()


def test_an_iterator_serves_the_same_under_any_other_server():
    sent, left = [], []

    def begin(send):
        send(b"data: 1\n\n")
        sent.append(send)
        return lambda: left.append(True)

    stream = Pulled(begin)
    pieces = iter(stream)

    assert [next(pieces), next(pieces)] == [b"retry: 2000\n\n", b"data: 1\n\n"]
    for _ in range(1100):
        sent[0](b"x")
    stream.close()
    assert left == [True]


def followed(*streams, key=None):
    client = Client(*streams)
    account = SimpleNamespace(kind=lambda name: SimpleNamespace(resource=PODS), feeds=Feeds(client))
    target = SimpleNamespace(account=account, client=client)
    heard = Heard()
    source = logs.Source("shop", "web-1", "main", "web-1")
    asked = logs.Asked("", False, 10, "")
    end = LogStreams(target, [source], asked, heard).begin(key)
    return heard, end, client


def test_a_container_that_starts_again_is_followed_again_and_no_line_comes_twice(monkeypatch):
    monkeypatch.setattr(live, "AGAIN", 0.01)
    waiting = Stream(status=400, body=b'{"message": "waiting to start"}')
    first = Stream([b"2026-01-01T00:00:00.1Z one"])
    second = Stream([b"2026-01-01T00:00:00.1Z one", b"2026-01-01T00:00:00.2Z two"])
    heard, end, client = followed(waiting, first, second, Stream(status=404, body=b"{}"))

    heard.wait(b'"two"')
    end()

    assert heard.text.count(b'"one"') == 1
    assert b"id: 2026-01-01T00:00:00.2Z" in heard.text
    assert "sinceTime=2026-01-01T00%3A00%3A00.1Z" in client.transport.paths[2]


def test_a_pod_that_comes_is_followed_too(monkeypatch):
    monkeypatch.setattr(feeds, "AGAIN", 0.01)
    rows = [{"object": {"metadata": {"name": name, "namespace": "shop"}}} for name in ("web-1", "web-2")]
    line = json.dumps({"type": "ADDED", "object": {"metadata": {}, "rows": rows}}).encode()
    asked = []

    def answer(transport, path, headers, *, longest=0):
        asked.append(path)
        return Stream(status=404, body=b"{}") if "/log" in path else Stream([line])

    monkeypatch.setattr(Transport, "stream", answer)
    _, end, _ = followed(key=(PODS, "shop", "app=web"))
    until(lambda: any("/pods/web-2/log" in path for path in asked), 60)
    end()

    assert sum("/pods/web-1/log" in path for path in asked) == 1
