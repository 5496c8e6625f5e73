import queue

import pytest

from sampan_cri import events
from sampan_cri.events import EXIT, START, Feed, identifier_in
from sampan_cri.messages import MESSAGES
from sampan_grpc.wire import encode


class Known:
    """``uids`` of identifiers, and those that have ``ended``."""

    def __init__(self):
        self.uids, self.ended, self.found = {"c1": "u1", "c2": "u2"}, set(), {}

    def uid_of(self, identifier):
        return self.uids.get(identifier, "")

    def has_ended(self, identifier):
        return identifier in self.ended

    def states(self):
        return self.found


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def feed(client, known):
    found = Feed(client, known)
    yield found
    found.close()


def task(topic, name, **fields):
    return {"namespace": "k8s.io", "topic": topic, "event": {"type_url": name, "value": encode(MESSAGES, name, fields)}}


def endless(*found):
    """A stream that sends these and stays open until the server stops."""

    def answer(_):
        yield from found
        while True:
            try:
                waiting.get(timeout=0.05)
            except queue.Empty:
                yield {}

    waiting: queue.SimpleQueue = queue.SimpleQueue()
    return answer


def test_cris_own_events_name_the_pod(fake, feed):
    about = {"id": "s", "metadata": {"name": "web", "uid": "u9", "namespace": "d"}}
    fake.answers["GetContainerEvents"] = endless(
        {"container_id": "x", "pod_sandbox_status": about}, {"container_id": "c1"}, {"container_id": "not ours"},
        {"container_id": "c2"},
    )  # fmt: skip
    uids = feed.uids()

    assert [next(uids) for _ in range(4)] == ["", "u9", "u1", "u2"]


def test_without_them_containerds_are_taken_and_exits_told_once_the_status_has_them(fake, feed, known):
    fake.answers["Subscribe"] = lambda _: iter(
        [task(EXIT, "TaskExit", container_id="c1", id="c1"), task(START, "TaskEvent", container_id="c2")]
    )
    uids = feed.uids()

    assert next(uids) == ""
    assert next(uids) == "u2", "an exit that is not in the status yet delays no other event"
    known.ended.add("c1")


def test_an_exit_is_told_when_the_status_says_so(fake, feed, known):
    known.ended.add("c1")
    fake.answers["Subscribe"] = lambda _: iter([task(EXIT, "TaskExit", container_id="c1", id="c1")])
    uids = feed.uids()

    assert [next(uids), next(uids)] == ["", "u1"]


def test_an_exit_whose_status_never_comes_is_told_anyhow(fake, feed, monkeypatch):
    monkeypatch.setattr(events, "PATIENCE", 0.0)
    fake.answers["Subscribe"] = endless(task(EXIT, "TaskExit", container_id="c1", id="c1"))
    uids = feed.uids()

    assert [next(uids), next(uids)] == ["", "u1"]


def test_a_stream_that_ends_is_opened_again_and_everything_is_looked_at(fake, feed, monkeypatch):
    monkeypatch.setattr(events, "SHORTEST", 0.01)
    fake.answers["Subscribe"] = lambda _: iter([task(START, "TaskEvent", container_id="c1")])
    uids = feed.uids()

    assert [next(uids) for _ in range(4)] == ["", "u1", "", "u1"]


def test_a_runtime_that_sends_nothing_is_looked_at(feed, known, monkeypatch):
    monkeypatch.setattr(events, "RELIST", 0.01)
    monkeypatch.setattr(events, "SHORTEST", 0.01)
    known.found = {"c1": ("u1", 1), "c2": ("u2", 1)}
    uids = feed.uids()

    assert [next(uids), next(uids)] == ["", ""], "containerd's are tried, and then everything is looked at again"
    known.found = {"c1": ("u1", 2), "c3": ("u3", 0)}
    assert [next(uids) for _ in range(3)] == ["u1", "u2", "u3"]


def test_a_closed_feed_ends(fake, feed, in_background):
    fake.answers["GetContainerEvents"] = endless({"container_id": "c1"})
    seen = []
    thread = in_background(lambda: seen.extend(feed.uids()))

    feed.close()
    thread.join(30)

    assert not thread.is_alive()


def test_the_end_of_a_command_beside_the_program_is_no_news():
    assert identifier_in(task(EXIT, "TaskExit", container_id="c", id="probe")) == ("", "")
    assert identifier_in(task(EXIT, "TaskExit", container_id="c", id="c")) == (EXIT, "c")
    assert identifier_in(task(START, "TaskEvent", container_id="c")) == (START, "c")
