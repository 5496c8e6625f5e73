"""Clocks of test clusters."""

from __future__ import annotations

import threading
import time

import pytest

from sampan_testing.clocks import RunningClock, VirtualClock


def test_a_running_clock_is_ahead_of_the_machines_by_what_it_was_moved():
    clock = RunningClock()
    clock.advance(3600)

    before, found, after = time.time(), clock.time(), time.time()
    assert before - 1 < found - 3600 < after + 1


def test_time_goes_forward_only():
    clock = RunningClock()
    before = clock.time()
    clock.jump(before - 100)

    assert clock.time() >= before
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_a_virtual_clock_stands_still_but_no_two_moments_of_its_thread_are_equal():
    clock = VirtualClock(1000.0)
    moments = [clock.time() for _ in range(5)]

    assert sorted(set(moments)) == moments
    assert moments[-1] < 1000.001


def test_other_threads_do_not_move_a_virtual_clock():
    clock = VirtualClock(1000.0)
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(clock.time() for _ in range(100)))
    thread.start()
    thread.join()

    assert set(seen) == {1000.0}
