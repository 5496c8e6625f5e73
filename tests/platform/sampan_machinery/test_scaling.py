"""The Scale of an object, and back."""

import pytest

from sampan.contracts.kinds import Kind, Scale
from sampan.errors import BadRequest, Invalid
from sampan_machinery import scaling

KIND = Kind(
    group="apps", version="v1", kind="Deployment", plural="deployments", scale=Scale(selector=lambda obj: "a=b")
)


def test_a_scale_has_the_replicas_and_leaves_a_zero_out_of_its_spec():
    obj = {"metadata": {"name": "x", "labels": {}}, "spec": {"replicas": 2}, "status": {"replicas": 1}}

    found = scaling.shown(KIND, obj)

    assert (found["spec"], found["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "a=b"})
    assert found["metadata"] == {"name": "x"}
    assert scaling.shown(KIND, {"metadata": {"name": "x"}})["spec"] == {}


def test_it_is_written_back():
    assert scaling.written(KIND, {"metadata": {}}, {"spec": {"replicas": 4}})["spec"] == {"replicas": 4}
    assert scaling.written(KIND, {"metadata": {}, "spec": {"replicas": 4}}, {})["spec"] == {"replicas": 0}


@pytest.mark.parametrize(
    ("spec", "error"), [(1, BadRequest), ({"replicas": "1"}, BadRequest), ({"replicas": -1}, Invalid)]
)
def test_what_is_no_number_of_replicas_is_refused(spec, error):
    with pytest.raises(error):
        scaling.written(KIND, {"metadata": {}}, {"spec": spec})


@pytest.mark.parametrize(
    ("obj", "path", "words"),
    [
        ({"spec": {"replicas": -1}}, ".spec.replicas", "-1: should be a non-negative integer"),
        ({"status": {"replicas": 1 << 31}}, ".status.replicas", "should be less than or equal to 2147483647"),
        ({"spec": {"replicas": 1.5}}, ".spec.replicas", "accessor error: 1.5 is of the type float64, expected int64"),
        ({"spec": {"replicas": True}}, ".spec.replicas", "accessor error: true is of the type bool, expected int64"),
        (
            {"spec": [{"a": None}]},
            ".spec.replicas",
            ".spec accessor error: [map[a:<nil>]] is of the type []interface {}, expected map[string]interface{}",
        ),
        ({"spec": {"replicas": 3}, "status": None}, "", ""),
    ],
)
def test_numbers_of_a_custom_object_that_a_scale_cannot_show(obj, path, words):
    found = scaling.problems_of(Scale(selector=lambda obj: ""), obj)

    assert [problem.path for problem in found] == ([path] if path else [])
    assert all(words in problem.message for problem in found)
