import threading

import pytest
from fakeserver import FakeServer, bookmark, pod

from sampan.contracts.kinds import Resource
from sampan_client import Client
from sampan_client.http import HttpTransport
from sampan_client.informers import Informer
from sampan_client.kubeconfig import Config

PODS = Resource("", "v1", "pods", "Pod")
WAIT = 60


class Changes:
    """What an informer announced, and a way to wait for it."""

    def __init__(self):
        self.seen = []
        self._more = threading.Condition()

    def __call__(self, old, new):
        with self._more:
            kind = "added" if old is None else "deleted" if new is None else "modified"
            self.seen.append((kind, (new or old)["metadata"]["name"]))
            self._more.notify_all()

    def wait(self, count):
        with self._more:
            assert self._more.wait_for(lambda: len(self.seen) >= count, WAIT), self.seen
            return self.seen


@pytest.fixture
def follow():
    started = []

    def start(reply, **options):
        server = FakeServer(reply)
        client = Client(HttpTransport(Config(server.url)))
        changes = Changes()
        informer = Informer(client, PODS, on_change=changes, **options)
        release = threading.Event()
        server.release = release
        started.append((server, client, informer))
        informer.start()
        return server, informer, changes

    yield start
    for server, client, informer in started:
        informer.stop()
        server.release.set()
        client.close()
        server.stop()


def test_the_first_state_comes_by_watch_list(follow):
    def reply(exchange):
        assert "sendInitialEvents=true" in exchange.path
        exchange.begin()
        exchange.event("ADDED", pod("a", 1))
        exchange.event("ADDED", pod("b", 2))
        exchange.event("BOOKMARK", bookmark(5, initial=True))
        exchange.event("MODIFIED", pod("a", 6))
        exchange.event("DELETED", pod("b", 7))
        exchange.server.release.wait(WAIT)

    _, informer, changes = follow(reply)

    assert informer.wait_synced(WAIT)
    assert changes.wait(4) == [("added", "a"), ("added", "b"), ("modified", "a"), ("deleted", "b")]
    assert informer.get("a", "default")["metadata"]["resourceVersion"] == "6"
    assert informer.get("b", "default") is None
    assert informer.revision == 7


def test_a_server_without_watch_list_is_listed_and_watched(follow):
    def reply(exchange):
        if "sendInitialEvents" in exchange.path:
            exchange.json(422, {"kind": "Status", "reason": "Invalid", "code": 422})
        elif "watch=true" in exchange.path:
            assert "resourceVersion=5" in exchange.path
            exchange.begin()
            exchange.event("ADDED", pod("b", 6))
            exchange.server.release.wait(WAIT)
        else:
            exchange.json(200, {"metadata": {"resourceVersion": "5"}, "items": [pod("a", 1)]})

    _, _, changes = follow(reply)

    assert changes.wait(2) == [("added", "a"), ("added", "b")]


def test_a_server_that_refuses_watch_list_in_its_stream_is_listed_and_watched(follow):
    def reply(exchange):
        if "sendInitialEvents" in exchange.path:
            exchange.begin()
            exchange.event("ERROR", {"kind": "Status", "reason": "InternalError", "code": 500, "message": "disabled"})
        elif "watch=true" in exchange.path:
            exchange.begin()
            exchange.server.release.wait(WAIT)
        else:
            exchange.json(200, {"metadata": {"resourceVersion": "5"}, "items": [pod("a", 1)]})

    _, _, changes = follow(reply)

    assert changes.wait(1) == [("added", "a")]


def test_a_broken_watch_is_resumed_where_it_ended(follow):
    def reply(exchange):
        exchange.begin()
        if len(exchange.server.seen) == 1:
            exchange.event("ADDED", pod("a", 1))
            exchange.event("BOOKMARK", bookmark(5, initial=True))
            exchange.event("BOOKMARK", bookmark(9))
            exchange.close_connection = True  # in the middle of the answer
            return
        assert "resourceVersion=9&" in exchange.path
        exchange.event("MODIFIED", pod("a", 10))
        exchange.server.release.wait(WAIT)

    _, _, changes = follow(reply)

    assert changes.wait(2) == [("added", "a"), ("modified", "a")]


def test_after_a_compaction_only_the_differences_are_announced(follow):
    def reply(exchange):
        exchange.begin()
        if len(exchange.server.seen) == 1:
            for name in ("same", "gone", "changed"):
                exchange.event("ADDED", pod(name, 1))
            exchange.event("BOOKMARK", bookmark(5, initial=True))
            exchange.event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
            exchange.end()
            return
        exchange.event("ADDED", pod("same", 1))
        exchange.event("ADDED", pod("changed", 8))
        exchange.event("ADDED", pod("new", 9))
        exchange.event("BOOKMARK", bookmark(9, initial=True))
        exchange.server.release.wait(WAIT)

    _, _, changes = follow(reply)

    assert sorted(changes.wait(6)[3:]) == [("added", "new"), ("deleted", "gone"), ("modified", "changed")]


def test_a_failing_handler_does_not_end_the_watch(follow, caplog):
    def reply(exchange):
        exchange.begin()
        exchange.event("BOOKMARK", bookmark(5, initial=True))
        exchange.event("ADDED", pod("a", 6))
        exchange.event("ADDED", pod("b", 7))
        exchange.server.release.wait(WAIT)

    _, informer, changes = follow(reply)
    changes.wait(2)
    informer._on_change = lambda old, new: 1 / 0

    informer._announce(None, pod("c", 8))

    assert "a handler of pods changes failed" in caplog.text


def test_informers_of_one_client_share_one_thread_that_ends_with_the_last():
    def reply(exchange):
        exchange.begin()
        exchange.event("BOOKMARK", bookmark(5, initial=True))
        release.wait(WAIT)

    release = threading.Event()
    server = FakeServer(reply)
    client = Client(HttpTransport(Config(server.url)))
    informers = [Informer(client, PODS) for _ in range(10)]
    others = set(threading.enumerate())  # of tests before this one
    for informer in informers:
        informer.start()

    assert all(informer.wait_synced(WAIT) for informer in informers)
    named = [thread for thread in threading.enumerate() if thread.name == "informers" and thread not in others]
    assert len(named) == 1

    for informer in informers:
        informer.stop()
    named[0].join(WAIT)
    assert not named[0].is_alive()
    release.set()
    client.close()
    server.stop()


def test_an_informer_starts_before_its_server(follow):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sampan_client.informers._FIRST_PAUSE", 0.01)
        server = FakeServer(lambda exchange: None)
        server.stop()
        client = Client(HttpTransport(Config(server.url)))
        informer = Informer(client, PODS)
        informer.start()

        assert not informer.wait_synced(0.05)

        informer.stop()
        client.close()
