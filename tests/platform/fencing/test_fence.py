"""Failures are named, answers are checked, and what is late again and again is not called for a while."""

from __future__ import annotations

import threading

import pytest

from sampan.errors import Forbidden
from sampan.fencing import Books, Broken, Deadlines, Fence
from sampan.fencing.runners import Runners


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def books():
    return Books()


@pytest.fixture
def fence(books, clock):
    return Fence("odd", books, Runners(), Deadlines(request=0.02, misses=2, pause=30.0), clock)


def counts(books):
    return {(found.hook, found.reason): found.count for found in books.failures()}


def boom():
    raise RuntimeError("a secret")


def test_what_is_raised_is_noted_and_only_its_type_is_shown(fence, books):
    with pytest.raises(Broken) as caught:
        fence.call("admission", boom)

    assert caught.value.message == (
        "Internal error occurred: plugin odd failed in admission: it raised RuntimeError"
    )  # fmt: skip
    assert books.failures()[0].last == "RuntimeError: a secret"


def test_a_refusal_is_an_answer_and_no_failure(fence, books):
    def refuse():
        raise Forbidden("no")

    with pytest.raises(Forbidden, match="no"):
        fence.call("admission", refuse)
    assert books.failures() == []


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_not_even_an_exit_gets_out(fence, end):
    def leave():
        raise end

    with pytest.raises(Broken):
        fence.call("admission", leave)


def test_nonsense_is_a_failure(fence, books):
    with pytest.raises(Broken, match="its answer makes no sense"):
        fence.call("validate", lambda: 7, check=lambda answer: f"not {answer}")
    assert counts(books) == {("validate", "answer"): 1}


def late(fence, hook="admission"):
    with pytest.raises(Broken, match=r"no answer within 0\.02 s"):
        fence.call(hook, threading.Event().wait)


def test_after_some_misses_in_a_row_it_is_not_called_for_a_while_and_then_tried_once(fence, books, clock):
    late(fence)
    late(fence)
    with pytest.raises(Broken, match="it was late 2 times in a row and is not asked for 30 s more"):
        fence.call("admission", lambda: 1)
    clock.now += 31
    late(fence)
    with pytest.raises(Broken, match="is not asked"):
        fence.call("admission", lambda: 1)
    clock.now += 31

    assert fence.call("admission", lambda: 1) == 1
    assert fence.call("admission", lambda: 2) == 2
    assert counts(books) == {("admission", "late"): 3, ("admission", "refused"): 2}


def test_an_answer_in_time_forgives_earlier_misses(fence):
    late(fence)
    fence.call("admission", lambda: 1)
    late(fence)

    assert fence.call("admission", lambda: 1) == 1


def test_hooks_are_counted_apart(fence):
    late(fence)
    late(fence)

    assert fence.call("columns", lambda: 1) == 1
