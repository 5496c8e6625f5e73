import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest, Invalid, StatusError, TooLarge
from sampan_machinery.patches import json_patch

DOCUMENT = {"a": {"b": [1, 2, 3]}, "c~/d": 1, "n": None}


def op(name, path, **more):
    return {"op": name, "path": path, **more}


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([], DOCUMENT),
        ([op("add", "/x", value=1)], {**DOCUMENT, "x": 1}),
        ([op("add", "/a/b/0", value=0)], {**DOCUMENT, "a": {"b": [0, 1, 2, 3]}}),
        ([op("add", "/a/b/-", value=4)], {**DOCUMENT, "a": {"b": [1, 2, 3, 4]}}),
        ([op("add", "/a/b/3", value=4)], {**DOCUMENT, "a": {"b": [1, 2, 3, 4]}}),
        ([op("remove", "/a/b/1")], {**DOCUMENT, "a": {"b": [1, 3]}}),
        ([op("replace", "/c~0~1d", value=2)], {**DOCUMENT, "c~/d": 2}),
        ([op("replace", "", value={})], {}),
        ([op("move", "/x", **{"from": "/a/b"})], {**DOCUMENT, "a": {}, "x": [1, 2, 3]}),
        ([op("copy", "/x", **{"from": "/a/b/0"})], {**DOCUMENT, "x": 1}),
        ([op("test", "/a/b", value=[1, 2.0, 3])], DOCUMENT),
        ([op("test", "/absent", value=None)], DOCUMENT),
        ([op("test", "/n")], DOCUMENT),
    ],
)
def test_operations_change_the_document_as_the_rfc_says(operations, expected):
    before = copy.deepcopy(DOCUMENT)

    assert json_patch.apply(DOCUMENT, operations) == expected
    assert before == DOCUMENT
    assert json_patch.apply_to(before, copy.deepcopy(operations)) == expected


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (op("test", "/a/b/0", value=2), "testing value /a/b/0 failed: test failed"),
        (op("test", "/a/b/0", value=True), "testing value /a/b/0 failed: test failed"),
        (op("remove", "/x"), "remove operation does not apply: Unable to remove nonexistent key"),
        (op("add", "/x/y", value=1), "add operation does not apply: doc is missing path"),
        (op("add", "/a/b/9", value=1), "add operation does not apply: doc is missing path"),
        (op("add", "/a/b/01", value=1), "add operation does not apply"),
        (op("add", "/a/b/-1", value=1), "add operation does not apply"),
        (op("remove", "/a/b/x"), "remove operation does not apply"),
        (op("add", "/c~0~1d/x", value=1), "add operation does not apply"),
        (op("add", "x", value=1), "jsonpatch pointer must start with /"),
        (op("nope", "/x"), "Unexpected kind: nope"),
        ({"op": "remove"}, "remove operation is missing its path"),
        (op("add", "/x"), "add operation is missing its value"),
        (op("copy", "/x"), "copy operation is missing its from"),
        (op("move", "/a/b", **{"from": "/a"}), "move operation cannot move"),
        (op("remove", ""), "remove operation does not apply"),
    ],
)
def test_a_patch_that_does_not_fit_is_invalid(operation, message):
    with pytest.raises(Invalid) as refused:
        json_patch.apply(DOCUMENT, [operation])

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize("patch", [{}, None, "x", [1], [{"op": 1}], [{"op": "add", "path": []}]])
def test_what_is_no_patch_is_a_bad_request(patch):
    with pytest.raises(BadRequest):
        json_patch.apply({}, patch)


def test_too_many_operations_are_refused():
    with pytest.raises(TooLarge, match="The allowed maximum operations in a JSON patch is 10000, got 10001"):
        json_patch.apply({}, [op("test", "/x", value=None)] * 10001)


def test_doubling_by_copy_is_stopped():
    with pytest.raises(TooLarge):
        json_patch.apply({"a": [1] * 100}, [op("copy", "/a/-", **{"from": "/a"})] * 40)


def test_stacking_by_moves_is_stopped():
    chain = value = {}
    for _ in range(90):
        value["x"] = {}
        value = value["x"]
    bottom = "/x" * 90
    stack = [
        op("add", "/b", value=chain),
        op("move", f"/b{bottom}/y", **{"from": "/a"}),
        op("move", "/a", **{"from": "/b"}),
    ]

    with pytest.raises(TooLarge):
        json_patch.apply({"a": {}}, stack * 50)


pointers = st.sampled_from(["", "/", "/a", "/a/b", "/a/b/0", "/a/b/-", "/n", "/x", "a", "/~0~1", "/a/b/99"]) | st.text()
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"])},
    optional={"path": pointers, "from": pointers, "value": st.none() | st.integers() | st.just({"z": [1]})},
)


@given(st.lists(operations, max_size=6))
def test_any_patch_works_or_is_refused(patch):
    before = copy.deepcopy(DOCUMENT)
    try:
        json_patch.apply(DOCUMENT, patch)
    except StatusError as error:
        assert error.code < 500

    assert before == DOCUMENT


def test_a_member_that_is_not_there_is_replaced_all_the_same():
    assert json_patch.apply({"a": {}}, [op("replace", "/a/x", value=1)]) == {"a": {"x": 1}}
