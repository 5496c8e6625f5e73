import pytest

from sampan_scheduler.pods import read_pod
from sampan_scheduler.queue import LONGEST_WAIT, Queue


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def queue(clock):
    return Queue(clock)


@pytest.fixture
def info(build):
    def read(name, created="2026-01-01T00:00:00Z", **spec):
        pod = build.pod(name, **spec)
        pod["metadata"]["creationTimestamp"] = created
        return read_pod(pod, lambda _: frozenset())

    return read


def popped(queue):
    found = []
    while (info := queue.pop()) is not None:
        found.append(info.name)
    return found


def test_important_pods_come_first_then_older_ones(queue, info):
    queue.put(info("young", "2026-01-02T00:00:00Z"))
    queue.put(info("old"))
    queue.put(info("vip", "2026-01-03T00:00:00Z", priority=5))

    assert popped(queue) == ["vip", "old", "young"]


def test_a_failed_pod_waits_for_a_change_and_then_for_its_pause(queue, info, clock):
    queue.put(info("p"))
    queue.pop()
    queue.failed("uid-p")
    assert queue.pop() is None

    assert queue.wake(lambda waits: True)

    assert queue.pop() is None
    assert queue.next_time() == 1.0
    clock.now = 1.0
    assert popped(queue) == ["p"]


def test_pauses_grow_unless_help_is_sure(queue, info, clock):
    queue.put(info("p"))
    for _ in range(6):
        queue.pop()
        queue.failed("uid-p")
        queue.wake(lambda waits: True)
        clock.now += 20
    queue.pop()
    queue.failed("uid-p")
    queue.wake(lambda waits: True)
    assert queue.next_time() == 10.0

    clock.now += 10
    queue.pop()
    queue.failed("uid-p")
    queue.wake(lambda waits: True, surely=True)

    assert queue.next_time() == 1.0


def test_only_whom_the_change_may_help_is_woken_and_asked_once_a_kind(queue, info, clock):
    for name in ("a1", "a2", "b"):
        queue.put(info(name, cpu="2" if name == "b" else "1"))
    for _ in range(3):
        queue.failed(queue.pop().uid)
    asked = []

    queue.wake(lambda waits: asked.append(waits.info.name) or waits.info.requests["cpu"] == 1000)
    clock.now = 1.0

    assert len(asked) == 2
    assert popped(queue) == ["a1", "a2"]


def test_a_pod_is_looked_at_again_after_long_whatever_happens(queue, info, clock):
    queue.put(info("p"))
    queue.pop()
    queue.failed("uid-p")

    assert queue.next_time() == LONGEST_WAIT
    clock.now = LONGEST_WAIT
    assert popped(queue) == ["p"]


def test_a_changed_pod_is_tried_again(queue, info, clock):
    queue.put(info("p", cpu="2"))
    queue.pop()
    queue.failed("uid-p")
    clock.now = 5.0

    queue.put(info("p", cpu="1"))

    assert popped(queue) == ["p"]


def test_a_dropped_pod_is_forgotten(queue, info):
    queue.put(info("p"))
    queue.put(info("q"))
    queue.drop("uid-p")

    assert popped(queue) == ["q"]
    assert "uid-p" not in queue
    queue.drop("uid-p")
    queue.failed("uid-p")
    assert len(queue) == 1


def test_nothing_waiting_means_no_next_time(queue):
    assert queue.next_time() is None
