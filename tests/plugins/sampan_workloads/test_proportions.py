import pytest

from sampan_workloads.proportions import MAXIMUM, RolloutBounds, bounds_of, new_size, old_sizes, scaled_sizes


def deployment(replicas=10, **rolling):
    return {"spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}}


def replica_set(uid, replicas, available=None, created="", most=None):
    metadata = {"uid": uid, "creationTimestamp": created}
    if most is not None:
        metadata["annotations"] = {MAXIMUM: str(most)}
    there = replicas if available is None else available
    return {"metadata": metadata, "spec": {"replicas": replicas}, "status": {"availableReplicas": there}}


@pytest.mark.parametrize(
    ("replicas", "rolling", "surge", "unavailable"),
    [
        (10, {}, 3, 2),  # 25 %: surge up, unavailable down
        (10, {"maxSurge": 0, "maxUnavailable": "10%"}, 0, 1),
        (1, {"maxSurge": 0, "maxUnavailable": "25%"}, 0, 1),  # both would be nothing
        (2, {"maxSurge": 1, "maxUnavailable": 5}, 1, 2),  # no more than there are
    ],
)
def test_percentages_become_numbers(replicas, rolling, surge, unavailable):
    assert bounds_of(deployment(replicas, **rolling)) == RolloutBounds(replicas, surge, unavailable, True)


def test_recreate_has_no_bounds():
    assert bounds_of({"spec": {"replicas": 3, "strategy": {"type": "Recreate"}}}) == RolloutBounds(3, 0, 0, False)


def test_the_new_one_grows_into_the_surge():
    bounds = RolloutBounds(10, 3, 2, True)

    assert new_size(bounds, [replica_set("old", 10)], 0) == 3
    assert new_size(bounds, [replica_set("old", 10), replica_set("new", 3)], 3) == 3
    assert new_size(bounds, [replica_set("old", 6), replica_set("new", 3)], 3) == 7
    assert new_size(bounds, [replica_set("new", 12)], 12) == 10


def test_old_ones_lose_what_is_not_available_first():
    bounds = RolloutBounds(10, 3, 2, True)
    broken, sound, new = replica_set("broken", 5, 1), replica_set("sound", 5), replica_set("new", 3, 3)

    assert old_sizes(bounds, new, [broken, sound]) == {"broken": 0}  # its four, and the one pod more than needed


def test_no_pod_goes_while_new_ones_are_not_available():
    bounds = RolloutBounds(10, 3, 2, True)

    assert old_sizes(bounds, replica_set("new", 5, 0), [replica_set("old", 8)]) == {}


def test_a_change_of_scale_is_shared_by_size():
    bounds = RolloutBounds(20, 5, 2, True)
    old, new = replica_set("old", 8, created="1", most=13), replica_set("new", 5, created="2", most=13)
    sizes = scaled_sizes(bounds, [old, new])

    assert sum(sizes.values()) == bounds.most
    assert sizes == {"old": 15, "new": 10}


def test_scaled_to_nothing_all_go():
    assert scaled_sizes(RolloutBounds(0, 0, 0, True), [replica_set("old", 3), replica_set("new", 2)]) == {
        "old": 0,
        "new": 0,
    }


def test_pods_that_go_already_are_none_to_spare():
    """An old ReplicaSet was made smaller, and its status does not say so yet: found by the simulation."""
    bounds = RolloutBounds(8, 1, 2, True)
    behind, new = replica_set("old", 6, 8), replica_set("new", 3, 1)

    assert old_sizes(bounds, new, [behind]) == {"old": 5}
