import pytest

from sampan_machinery.selectors import parse_labels
from sampan_scheduler.counters import CounterIndex, CounterKey
from sampan_scheduler.pods import read_pod


@pytest.fixture
def info(build):
    return lambda labels, **more: read_pod(build.pod("p", labels=labels, **more), lambda _: frozenset())


def key(text, *more, namespaces=None, **rest):
    return CounterKey("zone", tuple((namespaces, parse_labels(each)) for each in (text, *more)), **rest)


def test_counters_are_found_by_label_and_by_all_they_ask(info):
    index = CounterIndex(10)
    for each in (key("app=web"), key("app in (web,db)"), key("app=web,tier=x"), key("app=web", "tier=x"), key("app=db"),
                 key("app=web", namespaces=frozenset({"other"}))):  # fmt: skip
        index.add(each)

    assert {counter.key for counter in index.about(info({"app": "web"}))} == {key("app=web"), key("app in (web,db)")}
    assert len(list(index.about(info({"app": "web", "tier": "x"})))) == 4


def test_a_pod_that_ends_does_not_count_among_the_living(info, build):
    index = CounterIndex(10)
    index.add(key("app=web", live=True))
    pod = build.pod("p", labels={"app": "web"})
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert list(index.about(info({"app": "web"})))
    assert not list(index.about(read_pod(pod, lambda _: frozenset())))


def test_what_has_gone_leaves_no_zero_behind():
    counter = CounterIndex(1).add(key("app=web"))
    counter.count("n", "a", 1)
    counter.count("n", "a", 1, weight=5)
    counter.count("n", None, 1)
    assert (counter.counts, counter.nodes, counter.total) == ({"a": 6}, {"n": 6}, 2)

    counter.count("n", "a", -1, weight=5)
    counter.count("n", "a", -1)

    assert (counter.counts, counter.nodes, counter.total) == ({}, {}, 0)


def test_the_oldest_makes_room():
    index = CounterIndex(2)
    for text in ("a=1", "b=1", "c"):
        index.add(key(text))

    assert len(index) == 2
    assert index.get(key("a=1")) is None
    assert index.get(key("c")) is not None
