import pytest

from sampan.errors import BadRequest
from sampan_machinery.patches import refusals


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"spec": {"replicas": 2.5}}, "map[spec:map[replicas:2.5]]"),
        ({"b": [1, "x"], "a": None}, "map[a:<nil> b:[1 x]]"),
        ({"a": True}, "map[a:true]"),
    ],
)
def test_a_strategic_patch_is_shown_as_go_prints_it(value, text):
    found = refusals.unreadable(
        "strategic", value, {}, BadRequest('Pod in version "v1" cannot be handled as a Pod: no')
    )

    assert found.message == f' "" is invalid: patch: Invalid value: "{text}": no'
    assert (found.causes[0].field, found.causes[0].reason) == ("patch", "FieldValueInvalid")


def test_of_a_large_object_only_the_beginning_is_shown():
    found = refusals.unreadable("merge", {}, {"data": "x" * 100_000}, "too odd")

    assert len(found.message) < 2 * refusals.SHOWN and found.message.endswith(": too odd")


def test_whole_floats_become_whole_numbers_and_no_others():
    found = refusals.whole({"a": 2.0, "b": [3.0, 2.5], "c": 1e30, "d": True, "e": "2.0"})

    assert found == {"a": 2, "b": [3, 2.5], "c": 1e30, "d": True, "e": "2.0"}
    assert type(found["a"]) is int and type(found["b"][0]) is int and type(found["c"]) is float
