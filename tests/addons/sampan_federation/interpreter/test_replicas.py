import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import proved

from sampan_federation.interpreter.replicas import Replicas, divided_completions, replicas_of, revised


def workload(kind, api_version="apps/v1", **spec):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}


def needing(**requests):
    return {"spec": {"containers": [{"name": "a", "resources": {"requests": requests}}]}}


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_replicas_are_those_of_the_spec(kind):
    assert replicas_of(workload(kind, replicas=3, template={})) == Replicas(3, None)


def test_a_job_runs_no_more_pods_than_it_has_completions():
    assert replicas_of(workload("Job", "batch/v1", parallelism=5, completions=2)).number == 2


def test_a_pod_is_one_replica():
    assert replicas_of({"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {}}) == Replicas(1, None)


def test_a_kind_without_replicas_has_none():
    assert replicas_of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}) is None


def test_requirements_are_the_requests_of_one_pod_and_where_it_may_run():
    template = needing(cpu="500m", memory="1Gi")
    template["spec"].update(nodeSelector={"disk": "ssd"}, priorityClassName="high", tolerations=[{"key": "gpu"}])

    found = replicas_of(workload("Deployment", replicas=1, template=template)).requirements

    assert found == {
        "resourceRequest": {"cpu": "500m", "memory": "1Gi"},
        "nodeClaim": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "gpu"}]},
        "priorityClassName": "high",
    }


def test_revised_changes_a_copy():
    obj = workload("Deployment", replicas=9)

    assert revised(obj, 2)["spec"]["replicas"] == 2
    assert obj["spec"]["replicas"] == 9


def test_a_job_is_revised_by_its_parallelism():
    assert revised(workload("Job", "batch/v1", parallelism=9), 2)["spec"] == {"parallelism": 2}


@proved
@given(st.integers(0, 10_000), st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 50), min_size=1))
def test_completions_are_divided_without_loss(completions, weights):
    shares = divided_completions(completions, weights)

    total = sum(weights.values())
    assert sum(shares.values()) == (completions if total else 0)
    for name, share in shares.items():
        assert not total or abs(share - completions * weights[name] / total) < 1
