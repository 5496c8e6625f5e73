import pytest

from sampan_machinery.equality import same


@pytest.mark.parametrize(
    "one, other",
    [
        ({"a": None}, {}),
        ({"a": []}, {}),
        ({"a": {}}, None),
        ({"a": {"b": [], "c": 1}}, {"a": {"c": 1}}),
        ([{"a": None}], [{}]),
        ({"resources": {}, "name": "x"}, {"name": "x"}),
    ],
)
def test_what_is_empty_is_as_if_it_were_not_there(one, other):
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    "one, other",
    [({"a": ""}, {}), ({"a": 0}, {}), ({"a": False}, {}), ([], [None]), ([1, 2], [2, 1]), ({"a": 1}, {"a": 2})],
)
def test_every_other_value_counts(one, other):
    assert not same(one, other)
