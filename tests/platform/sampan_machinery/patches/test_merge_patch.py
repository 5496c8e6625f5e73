import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery.patches import merge_patch

values = st.recursive(
    st.none() | st.integers() | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)
objects = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
    ],
)
def test_the_examples_of_the_rfc_hold(document, patch, expected):
    assert merge_patch.apply(document, patch) == expected


@pytest.mark.parametrize("patch", [None, [], "x", 1])
def test_only_an_object_patches_an_object(patch):
    with pytest.raises(BadRequest):
        merge_patch.apply({}, patch)


@given(objects, objects)
def test_a_patch_applied_twice_changes_nothing_more_and_inputs_stay(document, patch):
    before = copy.deepcopy((document, patch))

    once = merge_patch.apply(document, patch)

    assert merge_patch.apply(once, patch) == once
    assert (document, patch) == before
    assert merge_patch.apply(document, {}) == document
