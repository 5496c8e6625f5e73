"""Failures name the plugin, answers are checked, and the circuit breaker opens after repeated misses."""

from __future__ import annotations

import threading

import pytest
from hanging import hangs, late_alone

from sampan.errors import Forbidden
from sampan_isolation import Broken, Deadlines, FailureLog, Isolation
from sampan_isolation.runners import Runners


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    late_alone(monkeypatch)
    return Clock()


@pytest.fixture
def failure_log():
    return FailureLog()


@pytest.fixture
def isolation(failure_log, clock):
    return Isolation("odd", failure_log, Runners(), Deadlines(request=0.02, misses=2, pause=30.0), clock)


def counts(failure_log):
    return {(found.hook, found.reason): found.count for found in failure_log.failures()}


def boom():
    raise RuntimeError("a secret")


def test_what_is_raised_is_noted_and_only_its_type_is_shown(isolation, failure_log):
    with pytest.raises(Broken) as caught:
        isolation.call("admission", boom)

    assert caught.value.message == (
        "Internal error occurred: plugin odd failed in admission: it raised RuntimeError"
    )  # fmt: skip
    assert failure_log.failures()[0].last == "RuntimeError: a secret"


def test_a_refusal_is_an_answer_and_no_failure(isolation, failure_log):
    def refuse():
        raise Forbidden("no")

    with pytest.raises(Forbidden, match="no"):
        isolation.call("admission", refuse)
    assert failure_log.failures() == []


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_an_exit_is_a_failure_too(isolation, end):
    def leave():
        raise end

    with pytest.raises(Broken):
        isolation.call("admission", leave)


def test_an_invalid_answer_is_a_failure(isolation, failure_log):
    with pytest.raises(Broken, match="its answer makes no sense"):
        isolation.call("validate", lambda: 7, check=lambda answer: f"not {answer}")
    assert counts(failure_log) == {("validate", "answer"): 1}


def late(isolation, hook="admission"):
    with pytest.raises(Broken, match=r"no answer within 0\.02 s"):
        isolation.call(hook, lambda: (hangs(), threading.Event().wait()))


def test_the_circuit_breaker_opens_after_misses_in_a_row_and_then_lets_one_call_through(isolation, failure_log, clock):
    late(isolation)
    late(isolation)
    with pytest.raises(Broken, match="it was late 2 times in a row and is not asked for 30 s more"):
        isolation.call("admission", lambda: 1)
    clock.now += 31
    late(isolation)
    with pytest.raises(Broken, match="is not asked"):
        isolation.call("admission", lambda: 1)
    clock.now += 31

    assert isolation.call("admission", lambda: 1) == 1
    assert isolation.call("admission", lambda: 2) == 2
    assert counts(failure_log) == {("admission", "late"): 3, ("admission", "refused"): 2}


def test_an_answer_in_time_resets_the_count_of_misses(isolation):
    late(isolation)
    isolation.call("admission", lambda: 1)
    late(isolation)

    assert isolation.call("admission", lambda: 1) == 1


def test_hooks_are_counted_separately(isolation):
    late(isolation)
    late(isolation)

    assert isolation.call("columns", lambda: 1) == 1
