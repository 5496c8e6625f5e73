import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_batch.indexes import Indexes, checked, overlap

SETS = st.sets(st.integers(0, 60))


@given(SETS)
def test_text_and_set_agree(numbers):
    found = Indexes.of(numbers)

    assert Indexes.parse(str(found), 61) == found
    assert (len(found), {each for each in range(61) if each in found}) == (len(numbers), numbers)


@given(SETS, SETS)
def test_union_and_common_are_those_of_sets(left, right):
    assert Indexes.of(left) | Indexes.of(right) == Indexes.of(left | right)
    assert Indexes.of(left).common(Indexes.of(right)) == len(left & right)


@given(SETS, st.integers(0, 61), st.integers(0, 61))
def test_missing_ones_come_in_order(numbers, completions, count):
    expected = [each for each in range(completions) if each not in numbers][:count]

    assert Indexes.of(numbers).missing(completions, count) == expected


@given(SETS, SETS)
def test_overlap_names_an_index_of_both(left, right):
    found = overlap(str(Indexes.of(left)), str(Indexes.of(right)), 61)

    assert found == min(left & right, default=None)


def test_the_text_is_as_short_as_upstreams():
    assert str(Indexes.of([0, 1, 3, 5, 6, 7])) == "0,1,3,5-7"


def test_a_status_of_more_completions_is_cut():
    assert str(Indexes.parse("0,2-9,12", 5)) == "0,2-4"
    assert str(Indexes.parse("x,1,2-y,4", 5)) == "1,4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1-2-3", "at most two parts separated by '-'"),
        ("a", 'cannot convert string to integer for index: "a"'),
        ("1,1", "non-increasing order, previous: 1, current: 1"),
        ("3-2", "non-increasing order, previous: 3, current: 2"),
        ("10", 'too large index: "10"'),
        ("99999999999", 'too large index: "99999999999"'),
        ("²", "cannot convert"),
    ],
)
def test_what_is_no_set_of_indexes_is_refused(text, message):
    with pytest.raises(ValueError) as refused:
        checked(text, 10)

    assert message in str(refused.value)
