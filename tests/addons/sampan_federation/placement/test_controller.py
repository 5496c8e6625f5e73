from __future__ import annotations

from contexts import one

from sampan_federation.placement.controller import QUOTA_EXCEEDED, Placing, is_placed_here, spec_changes, status_of
from sampan_federation.placement.deciding import NO_FIT, SUCCESS, Decision, Target
from sampan_federation.resources import CLUSTERS, FEDERATED_RESOURCE_QUOTAS, RESOURCE_BINDINGS

NOW = 1_800_000_000.0
DONE = Decision(SUCCESS, "placed on east (1)", (Target("east", 1),), "primary")
NONE = Decision(NO_FIT, "0 of 1 clusters fit")


def binding(status=None, **spec):
    return {"metadata": {"name": "b", "generation": 4}, "spec": {"placement": {}, **spec}, "status": status or {}}


def test_only_what_is_ours_is_placed():
    assert is_placed_here(binding())
    assert is_placed_here(binding(schedulerName="default-scheduler"))
    assert not is_placed_here(binding(schedulerName="mine"))
    assert not is_placed_here(binding(suspension={"scheduling": True}))
    assert not is_placed_here({"metadata": {"name": "b"}, "spec": {"requiredBy": []}})
    assert not is_placed_here({"metadata": {"name": "b", "deletionTimestamp": "x"}, "spec": {"placement": {}}})


def test_where_nothing_fits_the_targets_stay():
    assert spec_changes(binding(clusters=[{"name": "west", "replicas": 1}]), NONE) == {}
    assert spec_changes(binding(clusters=[{"name": "west", "replicas": 1}]), DONE) == {
        "clusters": [{"name": "east", "replicas": 1}]
    }
    assert spec_changes(binding(clusters=[{"name": "east", "replicas": 1}]), DONE) == {}


def test_the_status_says_what_was_decided_and_does_not_change_by_itself():
    status = status_of(binding(), DONE, NOW, placed=True)
    assert status["schedulerObservedGeneration"] == 4
    assert status["schedulerObservingAffinityName"] == "primary"
    assert status["lastScheduledTime"]

    assert status_of(binding(status), DONE, NOW + 60, placed=False) == status
    failed = status_of(binding(status), NONE, NOW + 60, placed=False)
    assert failed["conditions"][0]["reason"] == NO_FIT and failed["lastScheduledTime"] == status["lastScheduledTime"]
    asked = binding(status, rescheduleTriggeredAt="2099-01-01T00:00:00Z")
    assert status_of(asked, DONE, NOW + 60, placed=False)["lastScheduledTime"] > status["lastScheduledTime"]


def test_what_would_exceed_a_quota_of_its_namespace_waits_until_there_is_room():
    enabled = [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}]
    room = {"allocatable": {"cpu": "64", "pods": "100"}}
    condition = {"type": "CompleteAPIEnablements", "status": "True"}
    status = {"apiEnablements": enabled, "resourceSummary": room, "conditions": [condition]}
    with one(Placing) as host:

        def create(name: str, cpu: str) -> tuple[str, str, str]:
            spec = {
                "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": name},
                "placement": {}, "replicas": 1, "replicaRequirements": {"resourceRequest": {"cpu": cpu}},
            }  # fmt: skip
            host.api.create(RESOURCE_BINDINGS, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
            return ("ResourceBinding", "shop", name)

        def reason(name: str) -> str:
            return host.api.get(RESOURCE_BINDINGS, name, "shop")["status"]["conditions"][0]["reason"]

        host.api.create(CLUSTERS, {"metadata": {"name": "east"}, "spec": {}, "status": status})
        quota = {"metadata": {"name": "all", "namespace": "shop"}, "spec": {"overall": {"cpu": "2"}}}
        host.api.create(FEDERATED_RESOURCE_QUOTAS, quota)
        first, second = create("a", "1500m"), create("b", "1")

        host.handle(first)
        host.handle(second)

        assert (reason("a"), reason("b")) == (SUCCESS, QUOTA_EXCEEDED)
        assert "clusters" not in host.api.get(RESOURCE_BINDINGS, "b", "shop")["spec"]
        host.keys.clear()
        host.api.remove(RESOURCE_BINDINGS, "a", "shop")
        host.synced()
        assert second in host.keys
        host.handle(first)
        host.handle(second)
        assert reason("b") == SUCCESS


def test_workloads_of_one_anti_affinity_group_go_to_different_clusters():
    enabled = [{"groupVersion": "v1", "resources": [{"name": "configmaps", "kind": "ConfigMap"}]}]
    status = {"apiEnablements": enabled, "conditions": [{"type": "CompleteAPIEnablements", "status": "True"}]}
    one_cluster = {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]}
    with one(Placing) as host:

        def create(name: str) -> tuple[str, str, str]:
            spec = {
                "resource": {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": name},
                "placement": one_cluster, "workloadAffinityGroups": {"antiAffinityGroup": "ha=db"},
            }  # fmt: skip
            host.api.create(RESOURCE_BINDINGS, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
            return ("ResourceBinding", "shop", name)

        def placed(name: str):
            return host.api.get(RESOURCE_BINDINGS, name, "shop")["spec"].get("clusters")

        for name in ("east", "west"):
            host.api.create(CLUSTERS, {"metadata": {"name": name}, "spec": {}, "status": status})
        keys = [create(name) for name in ("a", "b", "c")]
        host.synced()
        for key in keys:
            host.controller.handle(key)  # at once: the cache may not show yet what was written just before

        host.synced()
        assert [placed(name) for name in ("a", "b", "c")] == [[{"name": "east"}], [{"name": "west"}], None]
        host.keys.clear()
        host.api.remove(RESOURCE_BINDINGS, "a", "shop")
        host.synced()
        assert keys[2] in host.keys
        host.handle(keys[0])
        host.handle(keys[2])
        assert placed("c") == [{"name": "east"}]
