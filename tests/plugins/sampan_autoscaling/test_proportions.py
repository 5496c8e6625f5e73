"""The published rules as tables: what measurements ask for. Thousandths throughout."""

from __future__ import annotations

import pytest

from sampan_autoscaling.proportions import (
    Sample,
    TargetState,
    Tolerance,
    Unmeasured,
    by_average,
    by_share,
    by_utilization,
    by_value,
    group,
)
from sampan_machinery.metadata import now_text

NOW = 1_700_000_000.0
LONG_AGO = NOW - 3600


def pod(name, *, request="1", phase="Running", ready=True, started=LONG_AGO, turned=None, **metadata):
    condition = {
        "type": "Ready",
        "status": str(ready),
        "lastTransitionTime": now_text(started if turned is None else turned),
    }
    resources = {"requests": {"cpu": request}} if request else {}
    return {
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"name": "c", "resources": resources}]},
        "status": {"phase": phase, "startTime": now_text(started), "conditions": [condition]},
    }


def pods(count, **more):
    return [pod(f"p{number}", **more) for number in range(count)]


def samples(*values):
    return {f"p{number}": Sample(value, NOW, 60) for number, value in enumerate(values) if value is not None}


def situation(found, current=None, **more):
    return TargetState(
        pods=found, current=len(found) if current is None else current, present=len(found), now=NOW, **more
    )


@pytest.mark.parametrize(
    "used, percent, wanted, utilization",
    [
        ((300, 500, 700), 30, 5, 50),  # scale up: 50/30 of three
        ((300, 500, 700), 50, 3, 50),  # as wished
        ((540, 500, 510), 50, 3, 51),  # within a tenth
        ((560, 560, 560), 50, 4, 56),  # beyond it
        ((100, 300, 500, 250, 250), 50, 3, 28),  # scale down
        ((460, 460, 460), 50, 3, 46),
        ((440, 440, 440), 50, 3, 44),  # beyond a tenth, but two could not carry it
        ((3000, 3000), 100, 6, 300),
    ],
)
def test_replicas_follow_the_ratio_of_used_to_wanted(used, percent, wanted, utilization):
    found = by_utilization(situation(pods(len(used))), samples(*used), percent, "cpu")

    assert (found.replicas, found.utilization) == (wanted, utilization)


@pytest.mark.parametrize(
    "used, percent, wanted",
    [
        ((None, 950), 50, 2),  # missing counts 0 on the way up: 47 % is within a tenth
        ((None, 1200), 50, 3),
        ((None, 200), 50, 2),  # missing counts 100 % on the way down: 60 % turns the direction
        ((None, 100, 100, 100), 60, 3),  # 100 % and three of 10 %: 32 % of four
        ((None, 100, 100, 100), 120, 2),  # with a target above 100 % missing counts that much
    ],
)
def test_a_pod_without_a_sample_never_makes_it_worse(used, percent, wanted):
    assert by_utilization(situation(pods(len(used))), samples(*used), percent, "cpu").replicas == wanted


def test_starting_pods_count_nothing_on_the_way_up():
    starting = [pod("p0", ready=False, started=NOW - 20), pod("p1"), pod("p2")]

    found = by_utilization(situation(starting), samples(9000, 800, 800), 40, "cpu")

    assert found.replicas == 4  # 1.6 of three requested is 53 %: 1.325 of three


def test_pending_pods_hold_back_and_failed_and_ending_ones_are_out():
    some = [
        pod("p0"),
        pod("p1", phase="Pending"),
        pod("p2", phase="Failed"),
        pod("p3", deletionTimestamp="2026-01-01T00:00:00Z"),
    ]

    groups = group(situation(some), samples(1, 1, 1, 1), "cpu")

    assert groups == (1, {"p1"}, set(), {"p2", "p3"})


@pytest.mark.parametrize(
    "ready, started, turned, sampled, counts",
    [
        (True, NOW - 100, NOW - 90, NOW, True),
        (True, NOW - 100, NOW - 30, NOW, False),  # the window reaches back before it was ready
        (False, NOW - 100, NOW - 90, NOW, False),
        (False, NOW - 1000, NOW - 995, NOW, False),  # has never been ready
        (False, NOW - 1000, NOW - 500, NOW, True),  # was ready once
    ],
)
def test_cpu_of_a_start_is_passed_over(ready, started, turned, sampled, counts):
    found = [pod("p0", ready=ready, started=started, turned=turned)]

    assert group(situation(found), {"p0": Sample(1, sampled, 60)}, "cpu").ready == int(counts)
    assert group(situation(found), {"p0": Sample(1, sampled, 60)}, "memory").ready == 1


def test_a_container_without_a_request_is_named():
    with pytest.raises(Unmeasured, match="missing request for cpu in container c of Pod p0"):
        by_utilization(situation(pods(1, request="")), samples(1), 50, "cpu")


def test_no_samples_and_no_pods_are_no_answer():
    with pytest.raises(Unmeasured, match="did not receive metrics for targeted pods"):
        by_average(situation(pods(2)), {}, 100)
    with pytest.raises(Unmeasured, match="no pods returned by selector"):
        by_average(situation([]), samples(1), 100)


def test_one_container_is_measured_by_its_own_request():
    two = pod("p0")
    two["spec"]["containers"].append({"name": "side"})

    assert by_utilization(situation([two]), samples(900), 30, "cpu", "c").replicas == 3


@pytest.mark.parametrize(
    "used, aim, wanted, average",
    [((20, 10, 10), 10, 4, 13), ((10, 10, 11), 10, 3, 10), ((10, 10, 10), 20, 2, 10), ((None, 10), 20, 2, 10)],
)
def test_averages_are_compared_as_they_are(used, aim, wanted, average):
    found = by_average(situation(pods(len(used))), samples(*used), aim)

    assert (found.replicas, found.average) == (wanted, average)


def test_one_figure_in_all_scales_the_ready_pods():
    some = [*pods(3), pod("late", ready=False)]

    assert by_value(situation(some), 20_000, 10_000).replicas == 6
    assert by_value(situation(some), 10_500, 10_000).replicas == 4
    assert by_value(situation([], 0), 2500, 1000).replicas == 3


def test_a_share_for_each_pod():
    assert by_share(situation(pods(3)), 8600, 2000) == (5, 2867, None)
    assert by_share(situation(pods(3)), 6200, 2000).replicas == 3


def test_the_two_tolerances_are_apart():
    loose = Tolerance(down=0.5, up=0.0)

    assert by_utilization(situation(pods(2), tolerance=loose), samples(300, 300), 50, "cpu").replicas == 2
    assert by_utilization(situation(pods(2), tolerance=loose), samples(510, 510), 50, "cpu").replicas == 3
