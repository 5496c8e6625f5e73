import pytest

from sampan_federation.interpreter.reading import LARGEST, LARGEST_STATUS, bounded, count, items, mapping, text


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), (-1, 0), (True, 0), ("3", 0), (2.5, 0), (None, 0), (10**20, LARGEST)]
)
def test_a_count_is_a_number_that_fits(value, number):
    assert count({"n": value}, "n") == number


def test_readers_take_anything():
    for garbage in (None, 3, "x", [], {"a": 3}):
        assert count(garbage, "a") in (0, 3)
        assert text(garbage, "a") == ""
        assert mapping(garbage, "a", "b") == {}
        assert list(items(garbage, "a")) == []


def test_items_are_the_maps_of_a_list():
    assert list(items({"a": [{"x": 1}, 3, None]}, "a")) == [{"x": 1}]


def test_what_is_too_large_too_deep_or_no_json_is_not_taken():
    deep = {}
    for _ in range(100):
        deep = {"a": [deep]}

    assert bounded({"a": 1}) == {"a": 1}
    assert bounded("x" * LARGEST_STATUS) is None
    assert bounded(deep) is None
    assert bounded({"a": object()}) is None
