"""Apply configurations that no manager gets: merged by the types of the fields."""

import pytest

from sampan.errors import BadRequest
from sampan_machinery import schema
from sampan_machinery.apply.unowned import merged

DEPLOYMENT = schema.load().node("apps", "v1", "Deployment")


def deployment(**spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def containers(*found):
    return {"template": {"spec": {"containers": list(found)}}}


def test_fields_are_set_and_others_stay():
    live = deployment(replicas=1, paused=True)

    found = merged(live, {"spec": {"replicas": 3}, "metadata": {"labels": {"a": "b"}}}, DEPLOYMENT)

    assert found["spec"] == {"replicas": 3, "paused": True}
    assert found["metadata"] == {"name": "web", "labels": {"a": "b"}}
    assert live["spec"]["replicas"] == 1


def test_elements_of_a_list_with_keys_are_merged():
    live = deployment(**containers({"name": "a", "image": "x"}, {"name": "b", "image": "y"}))

    found = merged(live, {"spec": containers({"name": "b", "image": "z"}, {"name": "c", "image": "w"})}, DEPLOYMENT)

    assert [(each["name"], each["image"]) for each in found["spec"]["template"]["spec"]["containers"]] == [
        ("a", "x"), ("b", "z"), ("c", "w"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"spec": {"selector": {"matchLabels": {"a": "b"}}}}, r"may not mutate atomic .*: \.spec\.selector"),
        ({"spec": containers({"name": "a", "args": ["x"]})}, r"containers\[0\]\.args"),
        ({"spec": {"nothing": 1}}, r"\.spec\.nothing: field not declared in schema"),
        ({"spec": {"replicas": "many"}}, r"failed to convert patch object to typed object: .*\.spec\.replicas"),
    ],
)
def test_what_cannot_be_merged_is_refused(config, words):
    with pytest.raises(BadRequest, match=words):
        merged(deployment(), config, DEPLOYMENT)
