"""Whole looks at an autoscaler, and a day with a load that comes and goes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from sampan_autoscaling.decisions import claimed_by_others, decide, not_scaled, scaled, tolerance_of
from sampan_autoscaling.kind import default
from sampan_autoscaling.limits import AutoscalerHistory
from sampan_autoscaling.proportions import Sample, TargetState, Unmeasured
from sampan_autoscaling.proposals import MetricContext
from sampan_machinery.metadata import get_condition, now_text

NOW = 1_700_000_000.0


class Measured:
    """Answers with one figure for every pod; raises where it has none."""

    def __init__(self, pods, cpu=None, hits=None, now=NOW):
        self._pods, self._figures, self._now = pods, {"cpu": cpu, "hits": hits}, now

    def _of(self, name):
        if self._figures.get(name) is None:
            raise Unmeasured("unable to fetch metrics from resource metrics API: none here")
        return self._figures[name]

    def resource(self, namespace, selector, resource, container=""):
        return {pod["metadata"]["name"]: Sample(self._of(resource), self._now) for pod in self._pods}

    def pods(self, namespace, selector, metric):
        return {pod["metadata"]["name"]: Sample(self._of(metric["name"]), self._now) for pod in self._pods}

    def external(self, namespace, metric):
        return self._of(metric["name"])


def autoscaler(*metrics, **spec):
    whole = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 10, **spec}
    if metrics:
        whole["metrics"] = list(metrics)
    made = {"metadata": {"name": "web", "namespace": "default", "generation": 3}, "spec": whole}
    default(made)
    return made


def pods(count, ready_since=NOW - 900):
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": now_text(ready_since)}
    status = {"phase": "Running", "startTime": now_text(ready_since), "conditions": [condition]}
    containers = [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]
    return [
        {"metadata": {"name": f"p{n}", "labels": {"app": "web"}}, "spec": {"containers": containers}, "status": status}
        for n in range(count)
    ]


def look(hpa, count, *, memory=None, now=NOW, selector="app=web", window=300.0, **figures):
    found = pods(count)
    asking = MetricContext(
        Measured(found, now=now, **figures),
        "default",
        selector,
        TargetState(found, count, count, now, tolerance_of(hpa, 0.1)),
    )
    return decide(hpa, asking, AutoscalerHistory() if memory is None else memory, window)


def condition(outcome, kind):
    found = get_condition(outcome.status, kind)
    return found["status"], found["reason"], found["message"]


EXTERNAL = {
    "type": "External",
    "external": {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "1"}},
}


def test_above_its_target_it_grows_and_says_why():
    hpa = autoscaler()

    outcome = look(hpa, 2, cpu=1500)
    scaled(outcome, hpa, 2, AutoscalerHistory())

    assert outcome.replicas == 4
    assert outcome.events == [
        (
            "Normal",
            "SuccessfulRescale",
            "New size: 4; reason: cpu resource utilization (percentage of request) above target",
        )
    ]
    status = outcome.status
    assert (status["currentReplicas"], status["desiredReplicas"], status["observedGeneration"]) == (2, 4, 3)
    assert status["lastScaleTime"] == now_text(NOW)
    assert status["currentMetrics"] == [
        {
            "type": "Resource",
            "resource": {"name": "cpu", "current": {"averageValue": "1500m", "averageUtilization": 150}},
        }
    ]
    assert condition(outcome, "AbleToScale")[1] == "SucceededRescale"
    assert condition(outcome, "ScalingActive") == (
        "True",
        "ValidMetricFound",
        "the HPA was able to successfully calculate a replica count from "
        "cpu resource utilization (percentage of request)",
    )
    assert condition(outcome, "ScalingLimited")[:2] == ("False", "DesiredWithinRange")


def test_on_its_target_nothing_is_written():
    outcome = look(autoscaler(), 2, cpu=800)

    assert outcome.replicas is None
    assert outcome.events == []
    assert condition(outcome, "AbleToScale")[:2] == ("True", "ReadyForNewScale")


@pytest.mark.parametrize(
    "count, spec, wanted, reason",
    [
        (12, {}, 10, "Current number of replicas above Spec.MaxReplicas"),
        (1, {"minReplicas": 3}, 3, "Current number of replicas below Spec.MinReplicas"),
    ],
)
def test_outside_its_bounds_no_source_is_asked(count, spec, wanted, reason):
    outcome = look(autoscaler(**spec), count)

    assert (outcome.replicas, outcome.reason) == (wanted, reason)


def test_zero_replicas_switch_it_off():
    outcome = look(autoscaler(), 0)

    assert outcome.replicas is None
    assert condition(outcome, "ScalingActive")[:2] == ("False", "ScalingDisabled")


def test_without_measurements_it_stays_and_says_so():
    outcome = look(autoscaler(), 2)

    cause = (
        "failed to get cpu utilization: unable to get metrics for resource cpu: "
        "unable to fetch metrics from resource metrics API: none here"
    )
    assert outcome.replicas is None
    assert condition(outcome, "ScalingActive") == (
        "False", "FailedGetResourceMetric", f"the HPA was unable to compute the replica count: {cause}",
    )  # fmt: skip
    assert outcome.events == [
        ("Warning", "FailedGetResourceMetric", cause),
        (
            "Warning",
            "FailedComputeMetricsReplicas",
            f"invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {cause}",
        ),
    ]


def test_one_lost_metric_lets_it_grow_but_never_shrink():
    cpu = autoscaler()["spec"]["metrics"][0]

    assert look(autoscaler(cpu, EXTERNAL), 2, cpu=1500).replicas == 4
    shrinking = look(autoscaler(cpu, EXTERNAL), 4, cpu=100)
    assert shrinking.replicas is None
    assert condition(shrinking, "ScalingActive")[:2] == ("False", "FailedGetExternalMetric")


def test_the_metric_that_wants_most_wins():
    cpu = autoscaler()["spec"]["metrics"][0]

    outcome = look(autoscaler(cpu, EXTERNAL), 2, cpu=100, hits=4000)

    assert (outcome.replicas, outcome.reason) == (4, "external metric hits above target")


def test_a_target_without_a_selector_is_not_scaled():
    outcome = look(autoscaler(), 2, cpu=1500, selector="")

    assert outcome.events == [("Warning", "SelectorRequired", "selector is required")]
    assert condition(outcome, "ScalingActive")[1] == "InvalidSelector"


def test_a_refused_scale_is_told():
    hpa = autoscaler()
    outcome = look(hpa, 2, cpu=1500)

    not_scaled(outcome, hpa, "no")

    assert outcome.events[-1][1] == "FailedRescale"
    assert condition(outcome, "AbleToScale")[:2] == ("False", "FailedUpdateScale")
    assert "lastScaleTime" not in outcome.status


def test_a_behaviours_own_tolerance_counts():
    hpa = autoscaler(behavior={"scaleUp": {"tolerance": "500m"}})
    default(hpa)

    assert tolerance_of(hpa, 0.1) == (0.1, 0.5)
    assert look(hpa, 2, cpu=1100).replicas is None


def test_pods_of_two_autoscalers_are_found():
    assert claimed_by_others("a", pods(1), {"a": "app=web", "b": "app in (web)", "c": "app=db"}) == ["b"]


def test_a_load_that_comes_and_goes_is_followed_without_flapping():
    """Six hours, a look every 15 s: a wave of load with a jitter of 5 %, as pods share it evenly."""
    hpa, memory, replicas = autoscaler(), AutoscalerHistory(), 1
    sizes = []
    for step in range(6 * 240):
        now = NOW + 15 * step
        wave = 3000 * (1 - math.cos(2 * math.pi * step / (3 * 240)))  # thousandths of a CPU in all, two waves
        load = wave * (1 + 0.05 * math.sin(step * 7.3))
        found = pods(replicas, NOW - 900)
        measured = Measured(found, cpu=round(load / replicas), now=now)
        outcome = decide(
            hpa, MetricContext(measured, "default", "app=web", TargetState(found, replicas, replicas, now)), memory, 300
        )
        if outcome.replicas is not None:
            scaled(outcome, hpa, replicas, memory)
            replicas = outcome.replicas
        sizes.append(replicas)
        if step > 3:
            assert load / replicas < 900 or replicas == 10  # never far behind

    changes = [after - before for before, after in pairwise(sizes) if after != before]
    turns = sum(one * two < 0 for one, two in pairwise(changes))
    assert (min(sizes), max(sizes)) == (1, 8)
    assert turns == 3  # up, down, up, down: once a wave and no more
    assert len(changes) <= 4 * 7
