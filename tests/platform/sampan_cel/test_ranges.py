"""Ranges: sums stop at the most, factors round up."""

from sampan_cel.ranges import MOST, UNKNOWN, Range, fixed


def test_sums_and_products_stop_at_the_most():
    assert UNKNOWN.plus(fixed(1)) == (1, MOST)
    assert UNKNOWN.times(fixed(3)) == (0, MOST)


def test_a_factor_rounds_up():
    assert Range(1, 21).scaled(0.1) == (1, 3)


def test_a_union_covers_both():
    assert Range(2, 3).union(Range(1, 2)) == (1, 3)
