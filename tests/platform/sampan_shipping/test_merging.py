from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampan_machinery.schema import load
from sampan_shipping.merging import merge

DEPLOYMENT = load().node("apps", "v1", "Deployment")
SERVICE = load().node("", "v1", "Service")


def deployment(**template: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": template}}}


def containers(merged: Any) -> list[dict[str, Any]]:
    return merged.object["spec"]["template"]["spec"]["containers"]


def test_only_what_changed_between_versions_is_changed():
    merged = merge({"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 5, "b": 1, "c": 9})

    assert merged == ({"a": 5, "b": 2, "c": 9}, [])


def test_an_edit_stays_where_the_new_version_changes_the_same_field_and_is_named():
    merged = merge({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 7}})

    assert merged == ({"a": {"b": 7}}, ["a.b"])


def test_what_a_user_removed_stays_removed():
    assert merge({"a": 1, "b": 1}, {"a": 2, "b": 1, "c": 1}, {"b": 1}) == ({"b": 1, "c": 1}, ["a"])


def test_what_is_no_longer_shipped_is_removed_unless_it_was_edited():
    assert merge({"a": 1, "b": 1}, {}, {"a": 1, "b": 2}) == ({"b": 2}, ["b"])


def test_a_servers_default_is_not_an_edit():
    last, made = {"spec": {"ports": []}}, {"spec": {"ports": [], "sessionAffinity": "None"}}
    new = {"spec": {"ports": [], "sessionAffinity": "ClientIP"}}

    assert merge(last, new, made, SERVICE, made=made).object == new
    assert merge(last, new, made, SERVICE).kept == ["spec.sessionAffinity"]  # an unknown value counts as an edit


def test_containers_are_merged_by_name_and_keep_a_users_own():
    last = deployment(containers=[{"name": "main", "image": "a:1"}])
    new = deployment(containers=[{"name": "main", "image": "a:2"}, {"name": "side", "image": "s"}])
    live = deployment(
        containers=[{"name": "mine", "image": "m"}, {"name": "main", "image": "a:1", "env": [{"name": "X"}]}]
    )

    assert containers(merge(last, new, live, DEPLOYMENT)) == [
        {"name": "mine", "image": "m"},
        {"name": "main", "image": "a:2", "env": [{"name": "X"}]},
        {"name": "side", "image": "s"},
    ]


def test_an_element_that_was_edited_stays_whole_when_it_is_shipped_no_more():
    last = deployment(containers=[{"name": "a", "image": "a"}, {"name": "b", "image": "b"}])
    live = deployment(containers=[{"name": "a", "image": "mine"}, {"name": "b", "image": "b"}])

    merged = merge(last, deployment(containers=[]), live, DEPLOYMENT)

    assert containers(merged) == [{"name": "a", "image": "mine"}]
    assert merged.kept == ["spec.template.spec.containers[name=a]"]


def test_a_removed_element_does_not_come_back():
    last = deployment(containers=[{"name": "a", "image": "a"}, {"name": "b", "image": "b"}])
    new = deployment(containers=[{"name": "a", "image": "2"}, {"name": "b", "image": "2"}])
    live = deployment(containers=[{"name": "a", "image": "a"}])

    merged = merge(last, new, live, DEPLOYMENT)

    assert containers(merged) == [{"name": "a", "image": "2"}]
    assert merged.kept == ["spec.template.spec.containers[name=b]"]


def test_the_default_of_a_key_is_that_key():
    port = {"name": "dns", "port": 53}
    last, new = {"spec": {"ports": [port]}}, {"spec": {"ports": [{**port, "targetPort": 5353}]}}
    live = {"spec": {"ports": [{**port, "protocol": "TCP"}, {"name": "udp", "port": 53, "protocol": "UDP"}]}}

    ports = merge(last, new, live, SERVICE).object["spec"]["ports"]

    assert ports == [{**port, "protocol": "TCP", "targetPort": 5353}, {"name": "udp", "port": 53, "protocol": "UDP"}]


def test_sets_are_merged_by_element():
    last, new = ({"metadata": {"finalizers": each}} for each in (["a", "b"], ["b", "c"]))
    live = {"metadata": {"finalizers": ["mine", "a", "b"]}}

    assert merge(last, new, live, SERVICE).object == {"metadata": {"finalizers": ["mine", "b", "c"]}}


def test_an_atomic_list_is_one_value():
    node = load().node("rbac.authorization.k8s.io", "v1", "ClusterRole")
    last, new, live = ({"rules": [{"verbs": verbs}]} for verbs in (["get"], ["get", "list"], ["get", "watch"]))

    assert merge(last, new, live, node) == (live, ["rules"])
    assert merge(last, new, last, node) == (new, [])


def test_a_strategy_without_edits_is_replaced_as_a_whole():
    last = {"spec": {"strategy": {"type": "RollingUpdate"}}}
    made = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    new = {"spec": {"strategy": {"type": "Recreate"}}}

    assert merge(last, new, made, DEPLOYMENT, made=made).object == new


def test_labels_that_are_shipped_no_more_leave_a_users_own():
    last, live = {"metadata": {"labels": {"a": "1"}}}, {"metadata": {"labels": {"a": "1", "mine": "1"}}}

    assert merge(last, {"metadata": {}}, live, SERVICE).object == {"metadata": {"labels": {"mine": "1"}}}


def test_true_is_not_one():
    assert merge({"a": 1}, {"a": 2}, {"a": True}).object == {"a": True}


# Properties

NAMES = st.sampled_from(["a", "b", "c"])
ENV = st.lists(
    st.builds(lambda name, value: {"name": name, "value": value}, NAMES, st.sampled_from("123")),
    max_size=3, unique_by=lambda each: each["name"],
)  # fmt: skip
CONTAINERS = st.lists(
    st.builds(
        lambda name, image, env, args: {"name": name, "image": image, "env": env, "args": args},
        NAMES, st.sampled_from("123"), ENV, st.lists(st.sampled_from("xyz"), max_size=2),
    ),
    max_size=3, unique_by=lambda each: each["name"],
)  # fmt: skip
LABELS = st.dictionaries(NAMES, st.sampled_from("123"), max_size=3)
OBJECTS = st.builds(
    lambda labels, replicas, template: {
        "metadata": {"labels": labels}, "spec": {"replicas": replicas, **deployment(containers=template)["spec"]},
    },
    LABELS, st.integers(0, 3), CONTAINERS,
)  # fmt: skip


@given(OBJECTS, OBJECTS)
@settings(max_examples=150, deadline=None)
def test_an_object_without_edits_becomes_the_new_version(last, new):
    merged = merge(last, new, last, DEPLOYMENT)

    assert _sorted(merged.object) == _sorted(new)
    assert merged.kept == []


@given(OBJECTS, OBJECTS)
@settings(max_examples=100, deadline=None)
def test_without_a_new_version_nothing_changes(last, live):
    assert merge(last, last, live, DEPLOYMENT) == (live, [])


@given(OBJECTS, OBJECTS, OBJECTS)
@settings(max_examples=150, deadline=None)
def test_merging_once_more_changes_nothing(last, new, live):
    merged = merge(last, new, live, DEPLOYMENT).object

    assert merge(new, new, merged, DEPLOYMENT).object == merged
    assert _sorted(merge(last, new, merged, DEPLOYMENT).object) == _sorted(merged)


@given(OBJECTS, OBJECTS, OBJECTS)
@settings(max_examples=200, deadline=None)
def test_every_edit_survives_and_every_other_change_arrives(last, new, live):
    merged = _flat(merge(last, new, live, DEPLOYMENT).object)

    lasts, news, lives = _flat(last), _flat(new), _flat(live)
    for path in lasts.keys() | news.keys() | lives.keys():
        before, wanted, there = lasts.get(path), news.get(path), lives.get(path)
        if before != there:
            if before != wanted and wanted != there and path in lives and _element(path) is None:
                assert merged.get(path) == there, f"the edit of {path} is lost"
            if before == wanted and path in lives:
                assert merged.get(path) == there, f"the edit of {path} is lost"
        elif before is not None and wanted is not None:
            assert merged.get(path) == wanted, f"the change of {path} did not arrive"


def _element(path: str) -> str | None:
    return path.partition("[")[1] or None


def _flat(obj: Any, path: str = "") -> dict[str, Any]:
    """Each leaf by its path; elements of keyed lists by their name."""
    if isinstance(obj, dict):
        return {k: v for key, each in obj.items() for k, v in _flat(each, f"{path}.{key}").items()}
    if isinstance(obj, list) and all(isinstance(each, dict) for each in obj) and obj:
        return {k: v for each in obj for k, v in _flat(each, f"{path}[{each['name']}]").items()}
    return {} if obj == [] else {path: obj}


def _sorted(obj: Any) -> Any:
    """Without the order of elements."""
    if isinstance(obj, dict):
        return {key: _sorted(each) for key, each in obj.items()}
    if isinstance(obj, list) and obj and isinstance(obj[0], dict):
        return sorted((_sorted(each) for each in obj), key=lambda each: each["name"])
    return obj


@pytest.mark.parametrize("which", ["last", "new", "live"])
def test_no_argument_is_changed(which):
    given_ = {"last": {"a": [1]}, "new": {"a": [2]}, "live": {"a": [1]}}
    merged = merge(given_["last"], given_["new"], given_["live"])
    merged.object["a"].append(3)

    assert given_ == {"last": {"a": [1]}, "new": {"a": [2]}, "live": {"a": [1]}}
