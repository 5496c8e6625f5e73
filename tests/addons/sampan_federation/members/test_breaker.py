from __future__ import annotations

from sampan_federation.members.breaker import FAILURES, PAUSE, Breaker


def test_after_failures_in_a_row_there_is_a_pause_and_then_one_trial():
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert breaker.check() == 0

    breaker.failed()
    assert breaker.check() == PAUSE
    now[0] = PAUSE
    assert breaker.check() == 0  # the trial
    assert breaker.check() == PAUSE  # the next one waits for what becomes of it

    breaker.succeeded()
    assert breaker.check() == 0


def test_a_success_between_counts():
    breaker = Breaker(lambda: 0.0)
    for _ in range(10):
        breaker.failed()
        breaker.succeeded()
    assert breaker.check() == 0


def test_a_probe_is_let_through_once():
    breaker = Breaker(lambda: 0.0)
    for _ in range(FAILURES):
        breaker.failed()
    breaker.allow_one()

    assert breaker.check() == 0
    assert breaker.check() > 0
