from __future__ import annotations

from sampan_audit.backlog import Backlog


def test_it_is_emptied_in_order_and_in_batches():
    backlog = Backlog(10)
    for number in range(5):
        backlog.put(number)

    assert backlog.wait(0)
    assert backlog.take(3) == [0, 1, 2]
    assert backlog.wait(0)  # there is more
    assert backlog.take(3) == [3, 4]
    assert not backlog.wait(0)


def test_what_comes_when_it_is_full_is_dropped_and_counted():
    backlog = Backlog(2)
    for number in range(5):
        backlog.put(number)

    assert (len(backlog), backlog.dropped, backlog.take(9)) == (2, 3, [0, 1])


def test_it_can_be_woken_with_nothing_in_it():
    backlog = Backlog(1)

    backlog.wake()

    assert backlog.wait(0)
    assert backlog.take(1) == []
