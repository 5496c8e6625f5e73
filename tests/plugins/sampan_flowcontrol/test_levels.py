from __future__ import annotations

from sampan_flowcontrol.bootstrap import level as builtin
from sampan_flowcontrol.levels import Level, Seats, config_of, seats_of


def level_of(obj):
    return Level(config_of(obj), Seats(2, 1, 4))


def test_a_configuration_is_read_with_what_it_leaves_out(level):
    limited = config_of(level(shares=5, lendable=50, borrowing=200, queues=8, hand=2, longest=3))
    exempt = config_of(builtin("exempt"))

    assert limited[2:] == (False, 5, 0.5, 2.0, 8, 2, 3)
    assert (exempt.exempt, exempt.shares, exempt.queues) == (True, 0, 0)


def test_seats_are_divided_by_shares_and_rounded_up(level):
    found = seats_of([config_of(level("a", 10, lendable=50)), config_of(level("b", 20, borrowing=100))], 100)

    assert found["a"] == (34, 17, 1 << 30)
    assert found["b"] == (67, 67, 134)
    assert seats_of([config_of(level("a", 0))], 100)["a"].nominal == 0


def test_queues_take_turns_by_the_work_that_was_dispatched(level):
    found = level_of(level(longest=10))
    for name in ("a1", "a2", "a3"):
        assert found.put(name, [0], 1.0)
    found.put("b1", [1], 5.0)
    found.put("b2", [1], 5.0)

    assert [found.take() for _ in range(5)] == ["a1", "b1", "a2", "a3", "b2"]
    assert found.waiting == 0 and found.next() is None


def test_a_queue_that_was_empty_does_not_get_what_it_missed(level):
    found = level_of(level(longest=10))
    for _ in range(5):
        found.put("a", [0], 1.0)
    for _ in range(3):
        found.take()
    found.put("late", [1], 1.0)
    found.put("late", [1], 1.0)

    assert [found.take() for _ in range(4)] == ["late", "a", "late", "a"]


def test_the_shortest_queue_of_the_hand_is_chosen_and_a_full_one_refuses(level):
    found = level_of(level(longest=2))

    assert [found.put(str(number), [0, 1], 1.0) for number in range(5)] == [True, True, True, True, False]
    assert found.lengths() == [2, 2]


def test_what_waits_can_be_taken_out(level):
    found = level_of(level(longest=10))
    items = ["a", "b", "c"]
    for each in items:
        found.put(each, [0], 1.0)

    found.drop(items[:2])

    assert found.all_waiting() == ["c"]
    assert found.waiting == 1
