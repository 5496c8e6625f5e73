from __future__ import annotations

from sampan_federation.placement.explaining import explain, table

KINDS = [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}]


def cluster(name: str, **spec):
    conditions = [{"type": "CompleteAPIEnablements", "status": "True"}]
    return {"metadata": {"name": name}, "spec": spec, "status": {"apiEnablements": KINDS, "conditions": conditions}}


def binding(**spec):
    resource = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"spec": {"resource": resource, "replicas": 2, "placement": {}, **spec}, "status": {}}


def test_each_member_is_told_of():
    found = explain(
        binding(
            placement={"clusterAffinity": {"exclude": ["west"]}}, clusters=[{"name": "east", "replicas": 2}],
            gracefulEvictionTasks=[{"fromCluster": "north", "reason": "TaintUntolerated"}],
        ),
        [cluster(name) for name in ("north", "west", "east")]
        + [cluster("south", taints=[{"key": "a", "effect": "NoSchedule"}])],
    )  # fmt: skip

    lines = {line.cluster: line for line in found.lines}
    assert lines["east"].placed == "2" and "was chosen" in lines["east"].why
    assert lines["west"].why == "the affinity excludes it by name"
    assert lines["south"].why == "it has the taint a:NoSchedule, which is not tolerated"
    assert lines["north"].why.startswith("it is evicted (TaintUntolerated)")
    assert table(found)[1].startswith("CLUSTER   PLACED")


def test_what_stays_where_nothing_fits_is_said():
    placement = {"clusterAffinity": {"clusterNames": ["nowhere"]}}
    found = explain(binding(placement=placement, clusters=[{"name": "east", "replicas": 2}]), [cluster("east")])

    assert found.lines[0].why == "placed, but the affinity names nowhere only"
    assert "0 of 1 clusters fit" in found.summary[0]


def test_others_of_its_group_are_told_of():
    groups = {"workloadAffinityGroups": {"affinityGroup": "app=shop"}}
    mine = {"metadata": {"name": "a", "namespace": "default"}, **binding(**groups)}
    other = {"metadata": {"name": "b", "namespace": "default"}, **binding(**groups, clusters=[{"name": "west"}])}

    found = explain(mine, [cluster("east"), cluster("west")], [mine, other])

    assert [line.why for line in found.lines] == ["another workload of its affinity group is not there", ""]
