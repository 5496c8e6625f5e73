"""Deadlines, and ending the threads of functions that missed one."""

from __future__ import annotations

import threading
import time

import pytest
from hanging import hangs, late_alone

from sampan_isolation.runners import Late, Overdue, Runners, _Runner
from sampan_testing.cluster import until

SOON = 60.0


@pytest.fixture(autouse=True)
def only_what_hangs_is_late(monkeypatch):
    late_alone(monkeypatch)


def test_results_and_exceptions_reach_the_caller():
    runners = Runners()

    assert runners.call(lambda: 3, SOON, "a") == 3
    with pytest.raises(ZeroDivisionError):
        runners.call(lambda: 1 // 0, SOON, "a")


def test_a_thread_is_reused_and_named_after_the_plugin():
    runners = Runners()

    first = runners.call(threading.current_thread, SOON, "a")
    second = runners.call(threading.current_thread, SOON, "b")

    assert first is second
    assert second.name == "plugin b"


def test_once_leaves_no_thread():
    before = set(threading.enumerate())

    thread = Runners().call(threading.current_thread, SOON, "a", once=True)

    assert not thread.is_alive()
    assert set(threading.enumerate()) <= before


def test_a_busy_loop_is_abandoned_and_its_thread_ends():
    runners, threads = Runners(), []

    def busy():
        threads.append(threading.current_thread())
        hangs()
        while True:
            pass

    with pytest.raises(Late):
        runners.call(busy, 0.05, "a")
    threads[0].join(SOON)
    assert not threads[0].is_alive()
    assert runners.abandoned() == 0


def test_a_function_that_catches_everything_is_interrupted_until_it_ends():
    runners, threads, caught = Runners(), [], []

    def stubborn():
        threads.append(threading.current_thread())
        hangs()
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


def test_a_function_whose_thread_begins_after_the_deadline_is_not_called_and_its_thread_ends_in_peace(monkeypatch):
    monkeypatch.undo()
    runners, threads, go, called = Runners(), [], threading.Event(), []
    run = _Runner.run

    def late(runner):
        threads.append(runner)
        go.wait(SOON)
        run(runner)

    monkeypatch.setattr(_Runner, "run", late)
    with pytest.raises(Late):
        runners.call(lambda: called.append(1), 0.01, "a")
    time.sleep(0.2)  # time enough for it to be interrupted a few times
    go.set()
    until(lambda: threads)
    threads[0].join(SOON)

    assert not threads[0].is_alive() and not called
    assert runners.abandoned() == 0


def test_a_function_that_waits_in_c_is_counted_until_it_returns():
    runners, release, threads = Runners(), threading.Event(), []

    def asleep():
        threads.append(threading.current_thread())
        hangs()
        release.wait()

    with pytest.raises(Late):
        runners.call(asleep, 0.05, "a")
    assert runners.abandoned() == 1
    release.set()
    threads[0].join(SOON)
    assert runners.abandoned() == 0
