import threading

import pytest

from sampan_client.queue import Item, Queue


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def queue(clock):
    queue = Queue([2, 2], clock)
    queue.open(0)
    queue.open(1)
    return queue


A, B, C = Item(0, "a"), Item(0, "b"), Item(0, "c")
OTHER = Item(1, "a")


def test_a_key_added_twice_comes_once(queue):
    queue.add(A)
    queue.add(A)

    assert queue.get() == A
    assert len(queue) == 0


def test_a_key_added_while_worked_on_comes_again_afterwards(queue):
    queue.add(A)
    queue.get()
    queue.add(A)
    assert len(queue) == 0

    queue.done(A)

    assert queue.get() == A


def test_reconcilers_take_turns(queue):
    for item in (A, B, OTHER):
        queue.add(item)

    assert [queue.get(), queue.get()] == [A, OTHER]


def test_no_more_keys_of_a_reconciler_than_it_may_work_on(queue):
    for item in (A, B, C, OTHER):
        queue.add(item)

    assert {queue.get() for _ in range(3)} == {A, B, OTHER}
    queue.done(A)
    assert queue.get() == C


def test_a_closed_lane_collects_keys(clock):
    queue = Queue([1], clock)
    queue.add(A)
    taken = []
    worker = threading.Thread(target=lambda: taken.append(queue.get()))
    worker.start()
    assert taken == []

    queue.open(0)

    worker.join(30)
    assert taken == [A]


def test_a_delayed_key_comes_in_time(queue, clock):
    queue.add_after(A, 10)
    queue.add_after(A, 5)
    queue.add(B)
    assert queue.get() == B

    clock.now = 5
    assert queue.get() == A


def test_back_off_doubles_until_it_is_forgotten(queue):
    assert [queue.add_limited(A) for _ in range(3)] == [0.005, 0.01, 0.02]
    assert max(queue.add_limited(A) for _ in range(40)) == 1000

    queue.forget(A)

    assert queue.add_limited(A) == 0.005


def test_a_closed_queue_ends_the_workers(queue):
    queue.close()

    assert queue.get() is None


def test_a_worker_waits_for_a_timer():
    queue = Queue([1])
    queue.open(0)
    queue.add_after(A, 0.01)

    assert queue.get() == A


def test_a_caller_takes_what_is_due_without_waiting_and_learns_when_more_will_be(clock, queue):
    queue.add(A)
    queue.add_after(B, 10)

    assert (queue.take(), queue.take(), queue.due()) == (A, None, 10.0)
    clock.now = 10.0
    assert (queue.take(), queue.due()) == (B, None)
