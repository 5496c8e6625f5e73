from __future__ import annotations

from contexts import one

from sampan_federation.rebalancing.controller import Rebalancing
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, RESOURCE_BINDINGS, WORKLOAD_REBALANCERS

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}
ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "name": "a"}
LOST = {**WEB, "name": "lost"}


def rebalancer(*workloads, **spec):
    metadata = {"name": "r", "creationTimestamp": "2026-11-30T12:00:00Z"}
    return {"metadata": metadata, "spec": {"workloads": list(workloads), **spec}}


def test_bindings_are_told_and_results_are_kept():
    with one(Rebalancing) as host:
        host.api.create(RESOURCE_BINDINGS, {"metadata": {"name": "web-deployment", "namespace": "shop"}, "spec": {}})
        host.api.create(CLUSTER_RESOURCE_BINDINGS, {"metadata": {"name": "a-clusterrole"}, "spec": {}})
        host.api.create(WORKLOAD_REBALANCERS, rebalancer(WEB, ROLE, LOST))
        host.synced()
        assert set(host.keys) == {"r"}

        assert host.handle("r") is None

        made = host.api.get(WORKLOAD_REBALANCERS, "r")
        created = made["metadata"]["creationTimestamp"]
        assert host.api.get(RESOURCE_BINDINGS, "web-deployment", "shop")["spec"] == {"rescheduleTriggeredAt": created}
        assert host.api.get(CLUSTER_RESOURCE_BINDINGS, "a-clusterrole")["spec"] == {"rescheduleTriggeredAt": created}
        status = made["status"]
        assert [(each["workload"]["name"], each["result"]) for each in status["observedWorkloads"]] == [
            ("lost", "Failed"), ("web", "Successful"), ("a", "Successful"),
        ]  # fmt: skip
        assert status["observedWorkloads"][0]["reason"] == "ReferencedBindingNotFound" and status["finishTime"]
        host.handle("r")
        assert (
            host.api.get(WORKLOAD_REBALANCERS, "r")["metadata"]["resourceVersion"]
            == made["metadata"]["resourceVersion"]
        )


def test_it_is_deleted_after_its_time():
    with one(Rebalancing) as host:
        host.api.create(WORKLOAD_REBALANCERS, rebalancer(LOST, ttlSecondsAfterFinished=60))

        assert host.handle("r") == 60.0

        kept = host.api.get(WORKLOAD_REBALANCERS, "r")
        host.api.update(WORKLOAD_REBALANCERS, {**kept, "spec": {**kept["spec"], "ttlSecondsAfterFinished": 0}})
        host.handle("r")
        assert host.api.get(WORKLOAD_REBALANCERS, "r") is None
