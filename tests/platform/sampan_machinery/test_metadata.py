import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery import metadata
from sampan_machinery.metadata import set_condition, template_hash

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def test_the_controller_is_the_owner_marked_so():
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "rs", "uid": "1"}}
    pod = {"metadata": {"ownerReferences": [{"uid": "0"}, metadata.controller_ref(owner)]}}

    assert metadata.controller_of(pod)["name"] == "rs"
    assert metadata.is_controlled_by(pod, owner)
    assert metadata.is_owned_by(pod, "0")
    assert metadata.controller_of({"metadata": {}}) is None


def test_the_last_finalizer_takes_the_list_with_it():
    obj = {"metadata": {}}

    assert metadata.add_finalizer(obj, "a")
    assert not metadata.add_finalizer(obj, "a")
    assert metadata.has_finalizer(obj, "a")
    assert metadata.remove_finalizer(obj, "a")
    assert obj == {"metadata": {}}
    assert not metadata.remove_finalizer(obj, "a")


def test_a_transition_moves_the_time_and_nothing_else_does():
    status = {}

    assert set_condition(status, "Ready", "False", now="t1", reason="Starting")
    assert not set_condition(status, "Ready", "False", now="t2", reason="Starting")
    assert set_condition(status, "Ready", "False", now="t3", reason="Waiting")
    assert status["conditions"][0]["lastTransitionTime"] == "t1"
    assert set_condition(status, "Ready", "True", now="t4")
    assert status["conditions"] == [{"lastTransitionTime": "t4", "type": "Ready", "status": "True"}]
    assert metadata.condition_is(status, "Ready")
    assert metadata.remove_condition(status, "Ready")


def test_times_go_to_text_and_back():
    assert metadata.now_text(0.9) == "1970-01-01T00:00:00Z"
    assert metadata.micro_text(1.5) == "1970-01-01T00:00:01.500000Z"
    assert metadata.micro_text(1.9999999) == "1970-01-01T00:00:02.000000Z"
    assert metadata.parse_time("1970-01-01T00:00:01.5Z") == 1.5
    assert metadata.parse_time("1970-01-01T01:00:01+01:00") == 1


@pytest.mark.parametrize("text", ["", "x", "1970-01-01", "1970-13-01T00:00:00Z", "1970-01-01T00:00:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadRequest):
        metadata.parse_time(text)


def test_paths_are_read_and_written_through_maps():
    obj = {"a": {"b": [1, {"c": None}]}}

    assert metadata.get_path(obj, "a", "b", 0) == 1
    assert metadata.get_path(obj, "a", "b", 1, "c", default=7) == 7
    assert metadata.get_path(obj, "a", "x", "y") is None
    metadata.set_path(obj, ("x", "y"), 1)
    assert obj["x"] == {"y": 1}
    metadata.remove_path(obj, ("x", "y"))
    assert obj["x"] == {}


def test_percentages_are_rounded_as_asked():
    assert metadata.resolve_int_or_percent("25%", 10) == 2
    assert metadata.resolve_int_or_percent("25%", 10, round_up=True) == 3
    assert metadata.resolve_int_or_percent(4, 10) == 4
    assert metadata.resolve_int_or_percent(None, 10) == 0
    with pytest.raises(BadRequest):
        metadata.resolve_int_or_percent("x", 10)


def test_a_template_hash_ignores_order_and_changes_with_collisions():
    assert template_hash({"a": 1, "b": 2}) == template_hash({"b": 2, "a": 1, "c": None})
    assert template_hash({"a": 1}) != template_hash({"a": 2})
    assert template_hash({"a": 1}, 1) != template_hash({"a": 1})
    assert len(template_hash({})) == 10


def test_a_reference_names_kind_namespace_and_name():
    pod = {"kind": "Pod", "metadata": {"name": "web", "namespace": "default"}}

    assert metadata.ref_text(pod) == "Pod/default/web"
    assert metadata.ref_text(pod, "pods") == "pods/default/web"


@given(json_values)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(value):
    twin = metadata.copy(value)

    assert twin == value
    assert twin is not value or not isinstance(value, dict | list)
