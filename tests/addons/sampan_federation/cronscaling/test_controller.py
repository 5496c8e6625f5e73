from __future__ import annotations

import pytest
from fleets import fleet_of

from sampan.errors import NotFound
from sampan_federation.cronscaling.controller import CronScaling
from sampan_federation.resources import CRON_FEDERATED_HPAS, FEDERATED_HPAS
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import DEPLOYMENTS, EVENTS

SLOWLY = 300  # seconds at the most: each look lets time pass


@pytest.fixture(scope="module")
def fleet():
    with fleet_of({}, makers=(CronScaling,)) as found:
        yield found


def deployment():
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "x"}]},
            },
        },
    }  # fmt: skip


def scaler(fleet, name, target, *rules):
    spec = {"scaleTargetRef": target, "rules": [{"name": "r", "schedule": "*/2 * * * *", **each} for each in rules]}
    fleet.client.create(CRON_FEDERATED_HPAS, {"metadata": {"name": name, "namespace": "default"}, "spec": spec})
    fleet.until(lambda: history(fleet, name).get("ruleName") == "r", 60)


def history(fleet, name):
    status = fleet.client.get(CRON_FEDERATED_HPAS, name, "default").get("status") or {}
    return (status.get("executionHistories") or [{}])[0]


def executed(fleet, name, field, count=1):
    fleet.until(lambda: fleet.advance(60) or len(history(fleet, name).get(field) or ()) >= count, SLOWLY)
    return history(fleet, name)[field]


def test_a_workload_is_scaled_at_its_time_and_the_status_says_when(fleet):
    fleet.client.create(DEPLOYMENTS, deployment())
    scaler(fleet, "web", {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, {"targetReplicas": 5})
    planned = history(fleet, "web")["nextExecutionTime"]
    assert fleet.client.get(DEPLOYMENTS, "web", "default")["spec"]["replicas"] == 2

    done = executed(fleet, "web", "successfulExecutions")

    assert fleet.client.get(DEPLOYMENTS, "web", "default")["spec"]["replicas"] == 5
    assert (done[-1]["scheduleTime"], done[-1]["appliedReplicas"]) == (planned, 5)
    assert parse_time(history(fleet, "web")["nextExecutionTime"]) > parse_time(done[0]["executionTime"])


def test_no_more_than_the_limit_is_kept(fleet):
    first = executed(fleet, "web", "successfulExecutions", 3)

    fleet.until(lambda: fleet.advance(60) or history(fleet, "web")["successfulExecutions"][0] != first[0], SLOWLY)

    assert len(history(fleet, "web")["successfulExecutions"]) == 3


def test_a_suspended_rule_does_nothing(fleet):
    rules = [{"name": "r", "schedule": "*/2 * * * *", "targetReplicas": 7, "suspend": True}]
    fleet.client.patch(CRON_FEDERATED_HPAS, "web", {"spec": {"rules": rules}}, "default")
    fleet.until(lambda: "nextExecutionTime" not in history(fleet, "web"), 60)

    fleet.advance(300)

    assert fleet.client.get(DEPLOYMENTS, "web", "default")["spec"]["replicas"] == 5


def test_a_target_that_is_not_there_is_a_failure_with_an_event(fleet):
    scaler(fleet, "lost", {"apiVersion": "apps/v1", "kind": "Deployment", "name": "lost"}, {"targetReplicas": 5})

    failed = executed(fleet, "lost", "failedExecutions")

    assert '"lost" not found' in failed[0]["message"]
    fleet.until(lambda: any(each["reason"] == "ScaleFailed" for each in fleet.client.list(EVENTS, "default").items), 60)
    fleet.client.delete(CRON_FEDERATED_HPAS, "lost", "default")


def test_a_kind_that_is_not_served_is_a_failure(fleet):
    scaler(fleet, "odd", {"apiVersion": "example.com/v1", "kind": "Boat", "name": "a"}, {"targetReplicas": 5})

    assert "Boat" in executed(fleet, "odd", "failedExecutions")[0]["message"]
    fleet.client.delete(CRON_FEDERATED_HPAS, "odd", "default")


def test_the_bounds_of_a_federated_autoscaler_are_set(fleet):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "maxReplicas": 4}
    fleet.client.create(FEDERATED_HPAS, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec})
    bounded = {"apiVersion": FEDERATED_HPAS.api_version, "kind": "FederatedHPA", "name": "web"}
    scaler(fleet, "bounds", bounded, {"targetMinReplicas": 3, "targetMaxReplicas": 9})

    [done, *_] = executed(fleet, "bounds", "successfulExecutions")

    spec = fleet.client.get(FEDERATED_HPAS, "web", "default")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 9)
    assert (done["appliedMinReplicas"], done["appliedMaxReplicas"]) == (3, 9)


def test_one_that_is_deleted_is_forgotten(fleet):
    fleet.client.delete(CRON_FEDERATED_HPAS, "bounds", "default")
    fleet.advance(300)

    with pytest.raises(NotFound):
        fleet.client.get(CRON_FEDERATED_HPAS, "bounds", "default")
