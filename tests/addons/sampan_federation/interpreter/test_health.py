import pytest

from sampan_federation.interpreter.health import RULES, health_of


def obj(kind, api_version="apps/v1", generation=1, spec=None, **status):
    return {
        "apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "generation": generation},
        "spec": spec or {}, "status": status,
    }  # fmt: skip


def deployment(**status):
    return obj("Deployment", spec={"replicas": 2}, **{"observedGeneration": 1, "updatedReplicas": 2, **status})


def balanced(kind, api_version, **spec):
    return obj(kind, api_version, spec=spec, loadBalancer={"ingress": [{"ip": "192.0.2.1"}]})


@pytest.mark.parametrize(
    "healthy",
    [
        deployment(availableReplicas=2),
        obj("ReplicaSet", spec={"replicas": 1}, observedGeneration=1, availableReplicas=1),
        obj("DaemonSet", observedGeneration=1, desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=2),
        obj("Service", "v1", spec={"type": "ClusterIP"}),
        balanced("Service", "v1", type="LoadBalancer"),
        balanced("Ingress", "networking.k8s.io/v1"),
        obj("PersistentVolumeClaim", "v1", phase="Bound"),
        obj("Pod", "v1", phase="Succeeded"),
        obj("Pod", "v1", phase="Running", conditions=[{"type": "Ready", "status": "True"}]),
        obj("PodDisruptionBudget", "policy/v1", currentHealthy=2, desiredHealthy=1),
        obj("Job", "batch/v1", active=1),
        obj("ConfigMap", "v1"),
        obj("Widget", "example.com/v1"),
    ],
    ids=lambda each: each["kind"],
)
def test_it_is_healthy(healthy):
    assert health_of(healthy) == "Healthy"


@pytest.mark.parametrize(
    "unhealthy",
    [
        deployment(availableReplicas=1),
        deployment(availableReplicas=2, updatedReplicas=1),
        deployment(availableReplicas=2, observedGeneration=0),
        obj("ReplicaSet", spec={"replicas": 1}, observedGeneration=1),
        obj("DaemonSet", observedGeneration=1, desiredNumberScheduled=2, updatedNumberScheduled=1),
        obj("Service", "v1", spec={"type": "LoadBalancer"}),
        obj("Ingress", "networking.k8s.io/v1"),
        obj("PersistentVolumeClaim", "v1", phase="Pending"),
        obj("Pod", "v1", phase="Running", conditions=[{"type": "Ready", "status": "False"}]),
        obj("PodDisruptionBudget", "policy/v1", desiredHealthy=1),
        obj("Job", "batch/v1", conditions=[{"type": "Failed", "status": "True"}]),
    ],
    ids=lambda each: each["kind"],
)
def test_it_is_unhealthy(unhealthy):
    assert health_of(unhealthy) == "Unhealthy"


@pytest.mark.parametrize("garbage", [None, [], "x", 7, {"conditions": 3, "phase": [], "observedGeneration": "1"}])
@pytest.mark.parametrize("kind", list(RULES), ids=str)
def test_a_status_that_is_no_status_fails_no_rule(kind, garbage):
    lying = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": garbage, "spec": garbage, "status": garbage}

    assert health_of(lying) in ("Healthy", "Unhealthy")
