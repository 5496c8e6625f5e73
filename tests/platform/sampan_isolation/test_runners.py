"""Waiting only so long, and ending what is late."""

from __future__ import annotations

import threading

import pytest

from sampan_isolation.runners import Late, Overdue, Runners

SOON = 10.0


def test_what_a_function_answers_or_raises_comes_back():
    runners = Runners()

    assert runners.call(lambda: 3, SOON, "a") == 3
    with pytest.raises(ZeroDivisionError):
        runners.call(lambda: 1 // 0, SOON, "a")


def test_a_thread_is_used_again_and_named_after_whom_it_works_for():
    runners = Runners()

    first = runners.call(threading.current_thread, SOON, "a")
    second = runners.call(threading.current_thread, SOON, "b")

    assert first is second
    assert second.name == "plugin b"


def test_once_leaves_no_thread():
    before = threading.active_count()

    thread = Runners().call(threading.current_thread, SOON, "a", once=True)

    assert not thread.is_alive()
    assert threading.active_count() == before


def test_a_busy_loop_is_left_behind_and_its_thread_ends():
    runners, threads = Runners(), []

    def busy():
        threads.append(threading.current_thread())
        while True:
            pass

    with pytest.raises(Late):
        runners.call(busy, 0.05, "a")
    threads[0].join(SOON)
    assert not threads[0].is_alive()
    assert runners.left_behind() == 0


def test_one_that_catches_everything_is_asked_again_until_it_ends():
    runners, threads, caught = Runners(), [], []

    def stubborn():
        threads.append(threading.current_thread())
        while len(caught) < 2:
            try:
                while True:
                    pass
            except Overdue:
                caught.append(1)

    with pytest.raises(Late):
        runners.call(stubborn, 0.05, "a")
    threads[0].join(SOON)
    assert not threads[0].is_alive()


def test_one_that_waits_in_c_is_counted_until_it_returns():
    runners, release, threads = Runners(), threading.Event(), []

    def asleep():
        threads.append(threading.current_thread())
        release.wait()

    with pytest.raises(Late):
        runners.call(asleep, 0.05, "a")
    assert runners.left_behind() == 1
    release.set()
    threads[0].join(SOON)
    assert runners.left_behind() == 0
