import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest, Invalid, StatusError
from sampan_machinery.patches import strategic
from sampan_testing.types import DEPLOYMENT, POD

A, B, C = ({"name": name, "image": name} for name in "abc")


def pod(*containers, **spec):
    return {"spec": {"containers": list(containers), **spec}}


def merged(document, patch, node=POD):
    before = copy.deepcopy((document, patch))
    result = strategic.apply(document, patch, node)
    assert (document, patch) == before
    assert strategic.apply_to(copy.deepcopy(document), patch, node) == result
    assert patch == before[1]
    return result


def names(result):
    return [container["name"] for container in result["spec"]["containers"]]


def test_lists_of_objects_merge_by_their_key():
    result = merged(pod(A, B), pod({"name": "b", "image": "new"}, C))

    assert result["spec"]["containers"] == [A, {"name": "b", "image": "new"}, C]


def test_an_element_is_deleted_by_its_key():
    assert names(merged(pod(A, B), pod({"name": "a", "$patch": "delete"}))) == ["b"]


def test_a_list_is_replaced_where_an_element_says_so():
    assert names(merged(pod(A, B), pod({"$patch": "replace"}, C))) == ["c"]


def test_a_map_is_replaced_or_deleted_where_it_says_so():
    labels = {"metadata": {"labels": {"a": "1"}}}

    assert merged(labels, {"metadata": {"labels": {"$patch": "replace", "b": "2"}}})["metadata"]["labels"] == {"b": "2"}
    assert merged(labels, {"metadata": {"labels": {"$patch": "delete"}}})["metadata"]["labels"] == {}


def test_null_removes_and_is_never_stored():
    assert merged({"spec": {"nodeName": "x"}}, {"spec": {"nodeName": None}}) == {"spec": {}}
    assert merged({}, {"spec": {"nodeName": None, "volumes": [{"name": "v", "emptyDir": None}]}}) == {
        "spec": {"volumes": [{"name": "v"}]}
    }


def test_a_list_without_merge_strategy_is_replaced():
    result = merged({"spec": {"tolerations": [{"key": "a"}]}}, {"spec": {"tolerations": [{"key": "b"}]}})

    assert result["spec"]["tolerations"] == [{"key": "b"}]


def test_scalar_sets_join_and_lose_what_is_deleted():
    have = {"metadata": {"finalizers": ["a", "b"]}}

    assert merged(have, {"metadata": {"finalizers": ["b", "c"]}})["metadata"]["finalizers"] == ["a", "b", "c"]
    gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a", "x"]}}
    assert merged(have, gone)["metadata"]["finalizers"] == ["b"]


def test_owners_are_added_by_uid():
    have = {"metadata": {"ownerReferences": [{"uid": "1", "name": "x"}]}}
    patch = {"metadata": {"ownerReferences": [{"uid": "2", "name": "y"}]}}

    assert [owner["uid"] for owner in merged(have, patch)["metadata"]["ownerReferences"]] == ["2", "1"]


def test_an_order_is_set_and_elements_only_the_server_has_keep_their_place():
    patch = {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}], "containers": [C]}}

    assert names(merged(pod(A, B), patch)) == ["c", "a", "b"]
    assert names(merged(pod(B, A), {"spec": {"$setElementOrder/containers": [{"name": "a"}]}})) == ["b", "a"]
    order = {"metadata": {"$setElementOrder/finalizers": ["b", "a"]}}
    assert merged({"metadata": {"finalizers": ["a", "b"]}}, order)["metadata"]["finalizers"] == ["b", "a"]


def test_an_order_that_contradicts_the_patch_is_refused():
    patch = {"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [B]}}

    with pytest.raises(BadRequest, match="The order in patch list"):
        merged(pod(A), patch)


def test_only_retained_keys_stay():
    have = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}

    assert merged(have, patch, DEPLOYMENT) == {"spec": {"strategy": {"type": "Recreate"}}}
    with pytest.raises(BadRequest, match="invalid patch format of retainKeys"):
        merged(have, {"spec": {"strategy": {"$retainKeys": [], "type": "Recreate"}}}, DEPLOYMENT)


def test_a_volume_changes_its_source():
    have = {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}
    patch = {"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}}

    assert merged(have, patch)["spec"]["volumes"] == [{"name": "v", "configMap": {"name": "c"}}]


def test_directives_do_not_survive_in_what_is_new():
    patch = {"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [{**A, "$retainKeys": ["x"]}]}}

    assert merged({}, patch) == {"spec": {"containers": [A]}}


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        ([], BadRequest),
        (pod({"image": "x"}), BadRequest),
        (pod("x"), BadRequest),
        (pod([]), Invalid),
        (pod({"name": "a", "$patch": "nope"}), BadRequest),
        (pod({"$patch": "delete"}), BadRequest),
        ({"$patch": "nope"}, BadRequest),
        ({"spec": {"$setElementOrder/containers": "x"}}, BadRequest),
        ({"metadata": {"$deleteFromPrimitiveList/finalizers": "x"}}, BadRequest),
    ],
)
def test_a_wrong_patch_is_refused(patch, error):
    with pytest.raises(error):
        merged({**pod(A), "metadata": {"finalizers": ["a"]}}, patch)


keys = st.sampled_from(
    [
        *(
            "spec",
            "metadata",
            "containers",
            "name",
            "image",
            "ports",
            "containerPort",
            "volumes",
            "finalizers",
            "unknown",
        ),
        *("$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers"),
    ]
)
garbage = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b", "delete", "replace", "merge"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(keys, garbage), st.dictionaries(keys, garbage))
def test_any_patch_works_or_is_refused(document, patch):
    before = copy.deepcopy((document, patch))
    try:
        strategic.apply(document, patch, POD)
    except StatusError as error:
        assert error.code < 500

    assert (document, patch) == before


@given(st.lists(st.sampled_from("abcd"), unique=True), st.lists(st.sampled_from("abcd"), unique=True))
def test_a_plain_patch_applied_twice_changes_nothing_more(live, wanted):
    patch = pod(*({"name": name, "image": "new"} for name in wanted))

    once = merged(pod(*({"name": name} for name in live)), patch)

    assert merged(once, patch) == once
    assert set(names(once)) == {*live, *wanted}
