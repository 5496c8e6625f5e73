import pytest

from sampan.errors import BadRequest
from sampan_machinery.encoding import encode, with_revision


def test_the_stored_form_begins_with_an_empty_revision():
    obj = {"spec": {"a": 1}, "metadata": {"name": "x", "resourceVersion": "7"}, "apiVersion": "old", "kind": "Old"}

    assert encode(obj, "v1", "Pod") == (
        b'{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"","name":"x"},"spec":{"a":1}}'
    )
    assert obj["metadata"]["resourceVersion"] == "7"


def test_the_revision_is_filled_in_once():
    obj = {
        "metadata": {"name": "x", "annotations": {"a": '{"resourceVersion":""}'}},
        "involved": {"resourceVersion": ""},
    }

    found = with_revision(encode(obj, "v1", "Event"), 12)

    assert found.startswith(b'{"kind":"Event","apiVersion":"v1","metadata":{"resourceVersion":"12","name":"x"')
    assert found.endswith(b'"involved":{"resourceVersion":""}}')


def test_numbers_of_any_size_stay_exact():
    assert encode({"metadata": {}, "x": 2**70}, "v1", "Foo").endswith(b'"x":1180591620717411303424}')


@pytest.mark.parametrize("value", ["\ud800", object()])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(BadRequest):
        encode({"metadata": {}, "x": value}, "v1", "Foo")
