from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from properties import proved

from sampan_federation.placement.dividing import by_availability, by_weight

NAMES = ["a", "b", "c", "d", "e", "f"]
WEIGHTS = some.dictionaries(some.sampled_from(NAMES), some.integers(0, 50), min_size=1)
ROOM = some.dictionaries(some.sampled_from(NAMES), some.integers(0, 100), min_size=1)


# The first two are in the reference of Karmada's API types, the others in its documentation of policies.
@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (9, {"a": 1, "b": 2}, {"a": 3, "b": 6}),
        (9, {"a": 1, "b": 3}, {"a": 2, "b": 7}),
        (2, {"member1": 1, "member2": 1}, {"member1": 1, "member2": 1}),
        (5, {"member1": 2, "member2": 3}, {"member1": 2, "member2": 3}),
        (12, {"a": 6, "b": 4, "c": 2}, {"a": 6, "b": 4, "c": 2}),
        (0, {"a": 1}, {}),
        (3, {"a": 0, "b": 1}, {"b": 3}),
    ],
)
def test_shares_by_weight(total, weights, expected):
    assert by_weight(total, weights, {}) == expected


# A:B:C have room for 6:4:2 and 12 are wanted; 2 clusters have room for all, or one.
@pytest.mark.parametrize(
    ("total", "room", "last", "aggregated", "expected"),
    [
        (12, {"a": 18, "b": 12, "c": 6}, {}, False, {"a": 6, "b": 4, "c": 2}),
        (12, {"a": 6, "b": 6, "c": 4}, {}, True, {"a": 6, "b": 6}),
        (12, {"a": 12, "b": 6, "c": 4}, {}, True, {"a": 12}),
        (12, {"a": 12, "b": 6, "c": 4}, {"c": 8}, True, {"c": 12}),  # what runs is kept, and filled up first
        (6, {"a": 100, "b": 100}, {"a": 8, "b": 4}, False, {"a": 4, "b": 2}),  # scaled down in proportion
        (12, {"a": 100, "b": 0}, {"b": 12}, False, {"b": 12}),  # a new member moves nothing
        (12, {"a": 5, "b": 6}, {}, False, None),
    ],
)
def test_shares_by_availability(total, room, last, aggregated, expected):
    assert by_availability(total, room, last, aggregated=aggregated) == expected


def test_a_fresh_division_counts_what_runs_as_room():
    assert by_availability(12, {"a": 12, "b": 0}, {"b": 12}, fresh=True) == {"a": 6, "b": 6}


@proved
@given(total=some.integers(0, 300), weights=WEIGHTS, last=ROOM, seed=some.text(max_size=3))
def test_all_replicas_are_placed_and_each_share_is_within_one_of_its_quota(total, weights, last, seed):
    shares = by_weight(total, weights, last, seed=seed)

    whole = sum(weights.values())
    assert sum(shares.values()) == (total if whole else 0)
    for name, share in shares.items():
        assert weights[name] > 0
        quota = total * weights[name] / whole
        assert quota - 3 < share < quota + 3  # the method keeps near the quota; it violates it only with many clusters


@proved
@given(total=some.integers(1, 300), weights=WEIGHTS, weight=some.integers(1, 50), seed=some.text(max_size=3))
def test_a_new_member_only_takes_replicas_and_moves_no_more_than_it_gets(total, weights, weight, seed):
    before = by_weight(total, weights, {}, seed=seed)
    after = by_weight(total, {**weights, "new": weight}, before, seed=seed)

    if before:
        for name in weights:
            assert after.get(name, 0) <= before.get(name, 0)
        moved = sum(before.get(name, 0) - after.get(name, 0) for name in weights)
        assert moved == after.get("new", 0)


@proved
@given(total=some.integers(1, 300), weights=WEIGHTS, seed=some.text(max_size=3))
def test_a_member_that_leaves_moves_only_its_own_replicas(total, weights, seed):
    before = by_weight(total, weights, {}, seed=seed)
    gone = sorted(weights)[0]
    left = {name: weight for name, weight in weights.items() if name != gone}
    after = by_weight(total, left, before, seed=seed)

    if after:
        for name in left:
            assert after.get(name, 0) >= before.get(name, 0)


@proved
@given(total=some.integers(1, 300), weights=WEIGHTS, seed=some.text(max_size=3))
def test_one_replica_more_goes_to_one_cluster(total, weights, seed):
    before = by_weight(total, weights, {}, seed=seed)
    after = by_weight(total + 1, weights, before, seed=seed)

    if before:
        changed = {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}}
        assert sorted(value for value in changed.values() if value) == [1]


@proved
@given(total=some.integers(1, 300), weights=WEIGHTS, seed=some.text(max_size=3))
def test_shares_that_are_right_stay_as_they_are(total, weights, seed):
    before = by_weight(total, weights, {}, seed=seed)

    assert by_weight(total, weights, before, seed=seed + "other") == before


@proved
@given(total=some.integers(1, 300), room=ROOM, last=ROOM, aggregated=some.booleans(), seed=some.text(max_size=3))
def test_what_runs_stays_and_nothing_is_overfilled(total, room, last, aggregated, seed):
    shares = by_availability(total, room, last, aggregated=aggregated, seed=seed)

    running = {name: last.get(name, 0) for name in room}
    if shares is None:
        assert sum(running.values()) + sum(room.values()) < total
        return
    assert sum(shares.values()) == total
    for name in room:
        share = shares.get(name, 0)
        assert share <= running[name] + room[name]
        if sum(running.values()) <= total:
            assert share >= running[name]  # nothing moves to make place for what is new
        else:
            assert share <= running[name]  # nothing starts while too many run


@proved
@given(total=some.integers(1, 300), room=ROOM, seed=some.text(max_size=3))
def test_aggregated_takes_the_fewest_clusters(total, room, seed):
    shares = by_availability(total, room, {}, aggregated=True, seed=seed)

    if shares is not None:
        roomiest = sorted(room.values(), reverse=True)
        fewest = next(count for count in range(1, len(roomiest) + 1) if sum(roomiest[:count]) >= total)
        assert len(shares) <= fewest


def test_two_thousand_million_replicas_take_no_longer_than_two():
    assert by_weight(2**31 - 1, {"a": 1, "b": 2}, {}) == {"a": 715827882, "b": 1431655765}
