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
