from __future__ import annotations

import pytest

from sampan_federation.scaling.proposing import MetricUnavailable, Sample, propose, sample_of

CPU = ("app", "cpu")


def metric(percent: int = 50, name: str = "cpu", **more):
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}, **more}


def pods(*used, ready=True, requested=100):
    return [Sample(ready, {} if each is None else {CPU: each}, {CPU: requested}) for each in used]


@pytest.mark.parametrize("samples, current, wanted", [
    (pods(100, 100), 2, 4),  # 100 % of a target of 50 %
    (pods(25, 25), 2, 1),
    (pods(52, 50), 2, 2),  # within the tolerance
    (pods(100, None), 2, 2),  # the missing pod counts as idle: 50 % on average
    (pods(10, None), 2, 2),  # and as busy where it would shrink: 55 %
    (pods(100, 100) + pods(900, ready=False), 3, 4),  # one that starts does not count as busy
    (pods(300, None), 2, 6),
])  # fmt: skip
def test_replicas_follow_utilization(samples, current, wanted):
    assert propose(metric(), samples, current).replicas == wanted


def test_the_average_of_an_amount_and_of_one_container():
    target = {"type": "AverageValue", "averageValue": "50m"}
    found = propose({"type": "Resource", "resource": {"name": "cpu", "target": target}}, pods(100, 200), 2)
    assert found.replicas == 6
    assert found.status == {"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "150m"}}}

    both = [Sample(True, {CPU: 10, ("side", "cpu"): 90}, {CPU: 100, ("side", "cpu"): 100})]
    container = {"name": "cpu", "container": "side", "target": {"type": "Utilization", "averageUtilization": 45}}
    assert propose({"type": "ContainerResource", "containerResource": container}, both, 1).replicas == 2


@pytest.mark.parametrize("given, samples, words", [
    (metric(), [], "no pods"), (metric(), pods(None), "no metrics of cpu"),
    (metric(), pods(5, requested=0), "missing request for cpu"),
    (metric(), pods(5, ready=False), "no pod that is ready"),
    ({"type": "External", "external": {}}, pods(5), "type External"), ({}, pods(5), "type None"),
])  # fmt: skip
def test_what_is_missing_is_named(given, samples, words):
    with pytest.raises(MetricUnavailable, match=words):
        propose(given, samples, 2)


def test_a_pod_and_its_metrics_are_a_sample():
    pod = {
        "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "250m"}}}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }
    usage = {"containers": [{"name": "app", "usage": {"cpu": "100m"}}]}

    assert sample_of(pod, usage) == Sample(True, {CPU: 100}, {CPU: 250})
    assert sample_of({**pod, "status": {"phase": "Failed"}}, usage) is None
    assert sample_of({**pod, "metadata": {"deletionTimestamp": "x"}}, usage) is None


@pytest.mark.parametrize("lie", [
    {"containers": 7}, {"containers": [1, {"name": [], "usage": []}]}, {"containers": [{"usage": {"cpu": "-1"}}]},
    {"containers": [{"usage": {"cpu": "1e300"}}]}, {"containers": [{"usage": {"cpu": {}}}]}, None,
])  # fmt: skip
def test_what_a_member_says_harms_nothing(lie):
    assert sample_of({"status": {"conditions": 1}, "spec": []}, lie) == Sample(False, {}, {})
