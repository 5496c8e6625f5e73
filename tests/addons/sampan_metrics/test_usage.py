from __future__ import annotations

import pytest

from sampan_metrics.reading import NODE, Address, Measurement
from sampan_metrics.usage import LatestUsage, usage_of

WEB = Address("ns", "web", "main")
T = 1000.0


def test_cpu_is_the_rate_between_two_measurements():
    usage = usage_of(Measurement(T, 10.0, 5), Measurement(T + 15, 13.0, 7))

    assert (usage.cpu, usage.memory, usage.window, usage.at) == (0.2, 7, 15, T + 15)


def test_a_young_container_is_measured_from_its_start():
    usage = usage_of(None, Measurement(T, 2.0, 7, T - 10))

    assert (usage.cpu, usage.window) == (0.2, 10)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, Measurement(T, 2.0, 7)),  # it is not known when it began
        (None, Measurement(T, 2.0, 7, T - 1000)),  # too old for an average
        (Measurement(T, 2.0, 7), Measurement(T, 2.0, 7)),  # the same measurement again
        (Measurement(T, 2.0, 7), Measurement(T + 0.1, 2.0, 7)),  # too close
        (Measurement(T, 2.0, 7), Measurement(T + 15, 1.0, 7)),  # the counter was reset, and it is not known when
    ],
)
def test_what_cannot_be_told_is_not(old, new):
    assert usage_of(old, new) is None


def test_a_restarted_container_is_measured_from_its_new_start():
    usage = usage_of(Measurement(T, 50.0, 7, T - 500), Measurement(T + 15, 1.0, 7, T + 5))

    assert (usage.cpu, usage.window) == (0.1, 10)


def test_the_newest_usage_is_known_by_pod_and_node():
    known = LatestUsage()
    known.take("n1", {WEB: Measurement(T, 1.0, 5), NODE: Measurement(T, 100.0, 500)})
    assert known.pod("ns", "web") == {}
    fresh = known.take("n1", {WEB: Measurement(T + 10, 2.0, 6), NODE: Measurement(T + 10, 105.0, 600)})

    assert set(fresh) == {WEB, NODE}
    assert known.pod("ns", "web")["main"].cpu == pytest.approx(0.1)
    assert known.node("n1").memory == 600


def test_the_same_measurement_again_keeps_what_is_known():
    known = LatestUsage()
    known.take("n1", {WEB: Measurement(T, 1.0, 5)})
    known.take("n1", {WEB: Measurement(T + 10, 2.0, 6)})

    assert known.take("n1", {WEB: Measurement(T + 10, 2.0, 6)}) == {}
    assert known.pod("ns", "web")["main"].memory == 6
    assert known.take("n1", {WEB: Measurement(T + 20, 4.0, 7)})[WEB].cpu == pytest.approx(0.2)


def test_measurements_too_close_add_up_to_one():
    known = LatestUsage()
    known.take("n1", {WEB: Measurement(T, 1.0, 5)})
    known.take("n1", {WEB: Measurement(T + 0.3, 1.1, 5)})

    assert known.take("n1", {WEB: Measurement(T + 0.6, 1.3, 5)})[WEB].cpu == pytest.approx(0.5)


def test_what_has_gone_is_forgotten():
    known = LatestUsage()
    for at in (T, T + 10):
        known.take("n1", {WEB: Measurement(at, at, 5), NODE: Measurement(at, at, 5)})
        known.take("n2", {NODE: Measurement(at, at, 5)})
    known.take("n1", {NODE: Measurement(T + 20, T + 20, 5)})
    assert known.pod("ns", "web") == {}

    known.forget_others(["n2"])
    assert set(known.all()) == {"n2"}
    known.drop_older(T + 11)
    assert known.all() == {}


def test_a_pod_that_moved_is_known_where_it_is_now():
    known = LatestUsage()
    for at in (T, T + 10):
        known.take("n1", {WEB: Measurement(at, at, 5)})
    for at in (T + 20, T + 30):
        known.take("n2", {WEB: Measurement(at, at * 2, 8)})
    known.take("n1", {})

    assert known.pod("ns", "web")["main"].memory == 8
