"""Budgets, evictions and their controller in a whole cluster."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from sampan.errors import Conflict, TooManyRequests
from sampan_machinery.metadata import get_condition
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS as BUDGETS
from sampan_machinery.resources import PODS, REPLICA_SETS
from sampan_testing.cluster import start

ONLY = ("pods", "nodes", "disruption", "workloads", "scheduler", "events", "namespaces")


@pytest.fixture
def cluster():
    with start(only=ONLY, nodes=1) as cluster:
        yield cluster


def budget(**spec):
    spec.setdefault("selector", {"matchLabels": {"app": "web"}})
    return {"metadata": {"name": "web"}, "spec": spec}


def replica_set(replicas):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": "web"}, "spec": spec}


def evict(cluster, name, **options):
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": options}
    return cluster.client.create(PODS, body, "default", name=name, subresource="eviction")


def status_when(cluster, **wanted):
    def reached():
        found = cluster.client.get(BUDGETS, "web", "default")
        status = found.get("status") or {}
        settled = status.get("observedGeneration") == found["metadata"]["generation"]
        return status if settled and all(status.get(key) == value for key, value in wanted.items()) else None

    return cluster.until(reached)


def names(cluster):
    return [pod["metadata"]["name"] for pod in cluster.client.list(PODS, "default").items]


def test_evictions_are_allowed_as_long_as_the_budget_has_any(cluster):
    cluster.client.create(REPLICA_SETS, replica_set(3), "default")
    cluster.client.create(BUDGETS, budget(maxUnavailable=1), "default")
    status_when(cluster, disruptionsAllowed=1, expectedPods=3, currentHealthy=3, desiredHealthy=2)
    first = names(cluster)[0]

    evict(cluster, first, dryRun=["All"])
    assert status_when(cluster)["disruptionsAllowed"] == 1
    evict(cluster, first)
    cluster.until(lambda: first not in names(cluster))
    status_when(cluster, disruptionsAllowed=1, currentHealthy=3)

    cluster.client.patch(BUDGETS, "web", {"spec": {"minAvailable": 3, "maxUnavailable": None}}, "default")
    status_when(cluster, disruptionsAllowed=0, expectedPods=3, currentHealthy=3)
    with pytest.raises(TooManyRequests) as caught:
        evict(cluster, names(cluster)[0])
    assert [cause.reason for cause in caught.value.causes] == ["DisruptionBudget"]
    condition = get_condition(status_when(cluster), "DisruptionAllowed")
    assert (condition["status"], condition["reason"]) == ("False", "InsufficientPods")


def test_two_evictions_at_once_never_take_the_same_disruption():
    with start(only=("pods", "nodes", "disruption"), control=False) as cluster:
        client = cluster.client
        for number in range(8):
            spec = {"nodeName": "n", "containers": [{"name": "c", "image": "nginx"}]}
            pod = {"metadata": {"name": f"p{number}", "labels": {"app": "web"}}, "spec": spec}
            client.create(PODS, pod, "default")
            ready = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]
            status = {"status": {"phase": "Running", "conditions": ready}}
            client.patch(PODS, f"p{number}", status, "default", subresource="status")
        client.create(BUDGETS, budget(minAvailable=5), "default")
        counts = {"disruptionsAllowed": 3, "currentHealthy": 8, "desiredHealthy": 5, "expectedPods": 8}
        status = {"status": {**counts, "observedGeneration": 1}}
        client.patch(BUDGETS, "web", status, "default", subresource="status")

        def outcome(number):
            try:
                return evict(cluster, f"p{number}")["status"]
            except TooManyRequests:
                return "refused"

        with ThreadPoolExecutor(8) as pool:
            assert Counter(pool.map(outcome, range(8))) == {"Success": 3, "refused": 5}

        found = client.get(BUDGETS, "web", "default")
        assert found["status"]["disruptionsAllowed"] == 0
        assert len(found["status"]["disruptedPods"]) == 3
        assert found["metadata"]["generation"] == 1


def test_a_budget_is_stored_with_its_counts_and_updated_at_its_version_only():
    with start(only=("pods", "nodes", "disruption"), control=False) as cluster:
        made = cluster.client.create(BUDGETS, budget(minAvailable=1), "default")
        assert made["status"] == {
            "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0
        }  # fmt: skip

        cluster.client.patch(BUDGETS, "web", {"spec": {"minAvailable": 2}}, "default")
        with pytest.raises(Conflict):
            cluster.client.update(BUDGETS, made)
