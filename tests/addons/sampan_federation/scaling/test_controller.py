from __future__ import annotations

import msgspec
from fleets import fleet_of

from sampan.contracts.kinds import Resource
from sampan_client.transports import Response
from sampan_federation.resources import FEDERATED_HPAS, PROPAGATION_POLICIES, RESOURCE_BINDINGS
from sampan_machinery.metadata import get_condition
from sampan_machinery.resources import PODS

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
SLOWLY = 300  # seconds at the most: each look lets time pass in every cluster
METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"


def deployment():
    container = {"name": "app", "image": "x", "resources": {"requests": {"cpu": "100m"}}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip


POLICY = {
    "apiVersion": PROPAGATION_POLICIES.api_version, "kind": "PropagationPolicy",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
        "placement": {"replicaScheduling": {"replicaSchedulingType": "Divided"}},
    },
}  # fmt: skip
TARGET = {"type": "Utilization", "averageUtilization": 50}
AUTOSCALER = {
    "apiVersion": FEDERATED_HPAS.api_version, "kind": "FederatedHPA",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 1, "maxReplicas": 6,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": TARGET}}],
    },
}  # fmt: skip


def using(member, amount: str):
    """Each pod of the member uses that much."""

    def lie(method, path, answer):
        if not path.startswith(METRICS):
            return answer
        items = [
            {
                "metadata": {"name": pod["metadata"]["name"], "namespace": "default"},
                "containers": [{"name": "app", "usage": {"cpu": amount}}],
            }
            for pod in member.client.list(PODS, "default").items
        ]
        return Response(200, {}, msgspec.json.encode({"kind": "PodMetricsList", "items": items}))

    return lie


def condition(fleet, kind: str):
    status = fleet.client.get(FEDERATED_HPAS, "web", "default").get("status") or {}
    found = get_condition(status, kind) or {}
    return found.get("status"), found.get("message", "")


def test_a_workload_is_scaled_by_what_its_pods_use_in_members():
    with fleet_of({"east": ("r1", "z1")}) as fleet:
        fleet.client.create(DEPLOYMENTS, deployment())
        fleet.client.create(PROPAGATION_POLICIES, POLICY)

        def replicas() -> int:
            return fleet.client.get(DEPLOYMENTS, "web", "default")["spec"]["replicas"]

        def running() -> bool:
            status = fleet.client.get(DEPLOYMENTS, "web", "default").get("status") or {}
            return status.get("readyReplicas") == 2

        fleet.until(lambda: fleet.advance(1) or running(), SLOWLY)
        fleet.client.create(FEDERATED_HPAS, AUTOSCALER)
        fleet.until(lambda: fleet.advance(1) or condition(fleet, "ScalingActive")[0] == "False", SLOWLY)
        assert "does not serve metrics.k8s.io" in condition(fleet, "ScalingActive")[1]
        assert replicas() == 2

        fleet.links["east"].lie = using(fleet.members["east"], "200m")
        fleet.until(lambda: fleet.advance(5) or replicas() == 6, SLOWLY)

        assert condition(fleet, "ScalingActive") == ("True", "the replicas are computed from cpu resource")
        fleet.until(lambda: fleet.advance(1) or placed(fleet) == [6], SLOWLY)

        fleet.cut("east")
        fleet.until(lambda: fleet.advance(5) or "east cannot be asked" in condition(fleet, "ScalingActive")[1], SLOWLY)
        assert replicas() == 6


def placed(fleet):
    found = fleet.client.get(RESOURCE_BINDINGS, "web-deployment", "default")["spec"].get("clusters") or []
    return [each.get("replicas") for each in found]
