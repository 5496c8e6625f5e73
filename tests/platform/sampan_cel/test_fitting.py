"""Which types fit which."""

import pytest

from sampan_cel import types
from sampan_cel.fitting import comparable, filled, fits, is_number, joined
from sampan_cel.types import BOOL, DYN, INT, STRING, A, list_of, map_of


@pytest.mark.parametrize(
    ("want", "has", "fitting"),
    [
        (INT, INT, True),
        (INT, STRING, False),
        (INT, DYN, True),
        (DYN, INT, True),
        (list_of(INT), list_of(DYN), True),
        (list_of(INT), list_of(STRING), False),
        (types.TIMESTAMP, types.NULL, True),
        (INT, types.NULL, False),
    ],
)
def test_a_value_may_be_given_where_its_type_fits(want, has, fitting):
    assert fits(want, has, {}) is fitting


def test_a_placeholder_stands_for_one_type():
    bound = {}

    assert fits(A, INT, bound) and fits(list_of(A), list_of(INT), bound)
    assert not fits(A, STRING, bound)
    assert filled(map_of(STRING, A), bound) == map_of(STRING, INT)


def test_values_of_types_that_fit_one_way_can_be_compared():
    assert comparable(INT, DYN) and comparable(types.NULL, types.DURATION)
    assert not comparable(INT, STRING)


def test_what_is_in_one_list_has_one_type_or_a_dynamic_one():
    assert joined([INT, INT]) == INT
    assert joined([INT, BOOL]) == DYN
    assert joined([list_of(DYN), list_of(INT)]) == list_of(INT)
    assert joined([]) == DYN


def test_numbers_of_all_types_and_dynamic_values_may_be_numbers():
    assert is_number(types.UINT) and is_number(DYN)
    assert not is_number(STRING)
