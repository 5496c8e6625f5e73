"""Answers are remembered for as long as they say, so many at most, and asked for once at a time."""

import threading

import pytest

from sampan_webhookaccess.remembering import Remembered


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_answer_counts_for_its_seconds():
    clock, asked = Clock(), []
    known = Remembered(10, clock)

    def ask():
        asked.append(clock.now)
        return len(asked), 5.0

    assert [known.get("a", ask), known.get("a", ask)] == [1, 1]
    clock.now = 5.0
    assert known.get("a", ask) == 2
    assert known.get("b", lambda: ("x", 0.0)) == "x"
    assert known.get("b", lambda: ("y", 0.0)) == "y"


def test_the_one_not_asked_for_the_longest_goes_first():
    known = Remembered(2, Clock())
    for key in ("a", "b"):
        known.get(key, lambda key=key: (key, 9.0))
    known.get("a", lambda: ("other", 9.0))
    known.get("c", lambda: ("c", 9.0))

    assert known.get("a", lambda: ("new", 9.0)) == "a"
    assert known.get("b", lambda: ("new", 9.0)) == "new"


def test_a_failure_is_not_remembered():
    known = Remembered(2, Clock())

    with pytest.raises(ZeroDivisionError):
        known.get("a", lambda: (1 / 0, 9.0))
    assert known.get("a", lambda: (1, 9.0)) == 1


def test_several_that_want_one_answer_ask_once():
    known, asked, go = Remembered(2, Clock()), [], threading.Event()

    def ask():
        asked.append(1)
        go.wait(60)
        return "answer", 9.0

    found = []
    threads = [threading.Thread(target=lambda: found.append(known.get("a", ask))) for _ in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()

    assert (found, len(asked)) == (["answer"] * 5, 1)
