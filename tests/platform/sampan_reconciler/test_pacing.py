"""A key whose decisions compute for long is decided less often."""

import pytest

from sampan_reconciler.pacing import CHEAP, LONGEST, REST, Pacing


def test_cheap_decisions_never_wait():
    pacing = Pacing()

    for now in (1.0, 1.1):
        pacing.decided("a", CHEAP / 2, now)
        assert pacing.wait("a", now) == 0.0


def test_the_second_costly_decision_waits_in_proportion_to_the_cheaper_of_both():
    pacing = Pacing()

    pacing.decided("a", 0.01, 1.0)
    assert pacing.wait("a", 1.0) == 0.0

    pacing.decided("a", 0.005, 2.0)
    assert pacing.wait("a", 2.0) == pytest.approx(REST * 0.005)
    assert pacing.wait("a", 2.001 + REST * 0.005) == 0.0
    assert pacing.wait("b", 2.0) == 0.0


def test_nothing_waits_longer_than_the_bound_and_a_cheap_decision_ends_it():
    pacing = Pacing()
    pacing.decided("a", 9.0, 1.0)
    pacing.decided("a", 9.0, 2.0)
    assert pacing.wait("a", 2.0) == LONGEST

    pacing.decided("a", 0.0, 3.0)

    assert pacing.wait("a", 2.0) == 0.0
