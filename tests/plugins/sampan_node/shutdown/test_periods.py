import pytest

from sampan_node.shutdown.periods import CRITICAL, ShutdownPeriod, by_priority, grace, grouped, migrated


def pod(name, priority, seconds=30):
    return {"metadata": {"name": name}, "spec": {"priority": priority, "terminationGracePeriodSeconds": seconds}}


def test_critical_pods_have_the_last_part_of_the_whole():
    assert migrated(30.0, 10.0) == (ShutdownPeriod(0, 20), ShutdownPeriod(CRITICAL, 10))
    assert migrated(0.0, 0.0) == ()


def test_a_pod_belongs_to_the_highest_priority_that_it_reaches():
    planned = [ShutdownPeriod(0, 1), ShutdownPeriod(1000, 2), ShutdownPeriod(CRITICAL, 3)]
    pods = [pod("low", -5), pod("plain", 0), pod("middle", 1999), pod("exact", 1000), pod("system", CRITICAL + 1000)]

    found = [
        (period.seconds, [one["metadata"]["name"] for one in members]) for period, members in grouped(planned, pods)
    ]

    assert found == [(1, ["low", "plain"]), (2, ["middle", "exact"]), (3, ["system"])]


def test_a_period_without_pods_is_not_waited_for():
    assert grouped([ShutdownPeriod(0, 1), ShutdownPeriod(1000, 2)], [pod("a", 5000)]) == [
        (ShutdownPeriod(1000, 2), [pod("a", 5000)])
    ]
    assert grouped([ShutdownPeriod(0, 1)], []) == []


@pytest.mark.parametrize(("own", "period", "given"), [(30, 10, 10), (5, 10, 5), (0, 10, 0)])
def test_the_pod_s_own_grace_period_counts_where_it_is_shorter(own, period, given):
    assert grace(pod("a", 0, own), ShutdownPeriod(0, period)) == given


def test_periods_by_priority_are_sorted():
    given = [{"priority": 10, "shutdownGracePeriodSeconds": 1}, {"priority": 0, "shutdownGracePeriodSeconds": 2}]

    assert by_priority(given) == (ShutdownPeriod(0, 2), ShutdownPeriod(10, 1))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"priority": 1, "seconds": 2}, "[0].seconds is not a setting; there are priority and shutdownGracePeriod"),
        ({"priority": 1}, "shutdownGracePeriodByPodPriority[0].shutdownGracePeriodSeconds must be set"),
        ({"priority": 1, "shutdownGracePeriodSeconds": -1}, "must be at least 0"),
        ({"priority": 2**31, "shutdownGracePeriodSeconds": 1}, "[0].priority must be -2147483648 to 2147483647"),
    ],
)
def test_an_entry_that_is_wrong_is_named(entry, said):
    with pytest.raises(ValueError) as refused:
        by_priority([entry])

    assert said in str(refused.value)


def test_a_priority_is_named_once():
    with pytest.raises(ValueError, match="must name the priority 7 once"):
        by_priority(
            [{"priority": 7, "shutdownGracePeriodSeconds": 1}, {"priority": 7, "shutdownGracePeriodSeconds": 2}]
        )
