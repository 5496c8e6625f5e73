from __future__ import annotations

from sampan_federation.failover.evictions import FAILURE, TAINTS, UNTOLERATED, Leaving, evict, finish, leaving, replaced
from sampan_federation.placement.clusters import Candidate
from sampan_federation.placement.grouping import Peers
from sampan_machinery.metadata import now_text

APPS = ("apps/v1", "Deployment")
NOW = 1_800_000_000.0
GONE = ({"key": "cluster.karmada.io/unreachable", "effect": "NoExecute", "timeAdded": now_text(NOW - 60)},)
EAST = Leaving("east", UNTOLERATED, TAINTS)


def cluster(name: str, taints=(), **labels: str) -> Candidate:
    summary = {"allocatable": {"cpu": "64", "pods": "100"}}
    kinds = frozenset({APPS, ("v1", "ConfigMap")})
    return Candidate(name, labels, kinds=kinds, kinds_complete=True, summary=summary, taints=tuple(taints))


def target(name: str, replicas: int | None = None):
    return {"name": name} if replicas is None else {"name": name, "replicas": replicas}


def binding(*targets, replicas=None, tasks=(), said=(), kind=APPS, **spec):
    reference = {"apiVersion": kind[0], "kind": kind[1], "name": "web", "namespace": "default", "uid": "1"}
    counted = {} if replicas is None else {"replicas": replicas}
    return {
        "metadata": {"name": "web-deployment", "namespace": "default"},
        "spec": {
            "resource": reference, "placement": {}, "clusters": list(targets), "gracefulEvictionTasks": list(tasks),
            **counted, **spec,
        },
        "status": {"aggregatedStatus": list(said)},
    }  # fmt: skip


def item(name: str, health: str = "Healthy", applied: bool = True, ready: int | None = None):
    counts = (
        {} if ready is None else {"status": {"replicas": ready, "readyReplicas": ready, "availableReplicas": ready}}
    )
    return {"clusterName": name, "applied": applied, "health": health, **counts}


def task(name: str = "east", **more):
    return {"fromCluster": name, "reason": UNTOLERATED, "producer": TAINTS, "purgeMode": "Gracefully", **more}


def one_of_two(preference: str = "Aggregated"):
    return {
        "placement": {
            "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference}
        }
    }


SINGLE = {"placement": {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]}}


# Leaving


def test_what_does_not_tolerate_a_taint_leaves_and_what_does_for_a_while_later():
    fleet = [cluster("east", GONE), cluster("west")]

    assert leaving(binding(target("east", 1), replicas=1), fleet, NOW) == ([EAST], None)
    patient = {"placement": {"clusterTolerations": [{"operator": "Exists", "tolerationSeconds": 100}]}}
    assert leaving(binding(target("east", 1), replicas=1, **patient), fleet, NOW) == ([], 40.0)
    assert leaving(binding(target("west", 1), replicas=1), fleet, NOW) == ([], None)


def test_replicas_move_and_the_task_says_from_where():
    change = evict(
        binding(target("east", 2), target("west", 1), replicas=3, **one_of_two()),
        [EAST],
        [cluster("east", GONE), cluster("west")],
        NOW,
    )

    assert change.spec["clusters"] == [target("west", 3)]
    [made] = change.spec["gracefulEvictionTasks"]
    assert made["fromCluster"] == "east" and made["replicas"] == 2 and made["purgeMode"] == "Gracefully"
    assert made["clustersBeforeFailover"] == ["east", "west"]


def test_a_workload_is_never_removed_when_no_cluster_fits():
    """karmada#7455: the only other cluster does not match the affinity."""
    wanted = {"placement": {"clusterAffinity": {"labelSelector": {"matchLabels": {"region": "east"}}}}}
    change = evict(
        binding(target("east", 1), replicas=1, **wanted),
        [EAST],
        [cluster("east", GONE, region="east"), cluster("west", region="west")],
        NOW,
    )

    assert change.spec == {}
    assert "it stays on east" in change.words and "region=east" in change.words


def test_no_target_at_all_does_not_count_as_healthy():
    """karmada#7455: what is true of every target is true where there is none."""
    assert not replaced(binding(replicas=1, tasks=[task()]))
    assert finish(binding(replicas=1, tasks=[task()]), [cluster("east", GONE)], NOW).spec == {}


def test_configuration_that_names_its_clusters_stays_on_the_lost_one():
    """karmada#5150: nothing is gained by evicting it, and it would be deleted when the member comes back."""
    config = binding(target("east"), target("west"), kind=("v1", "ConfigMap"))
    change = evict(config, [EAST], [cluster("east", GONE), cluster("west")], NOW)

    assert change.spec == {}
    assert "no other cluster would run more of it" in change.words


def test_duplicated_workloads_move_where_a_cluster_is_left():
    duplicated = binding(target("east", 2), replicas=2, **SINGLE)
    change = evict(duplicated, [EAST], [cluster("east", GONE), cluster("west")], NOW)

    assert change.spec["clusters"] == [target("west", 2)]


def test_purge_modes_are_passed_on():
    app = {"failover": {"application": {"purgeMode": "Never"}, "cluster": {"purgeMode": "Directly"}}}
    fleet = [cluster("east", GONE), cluster("west")]

    by_taint = evict(binding(target("east", 2), replicas=2, **SINGLE, **app), [EAST], fleet, NOW)
    assert by_taint.spec["gracefulEvictionTasks"][0]["purgeMode"] == "Directly"
    by_health = evict(
        binding(target("east", 2), replicas=2, **SINGLE, **app), [Leaving("east", FAILURE, "x")], fleet, NOW
    )
    assert by_health.spec["gracefulEvictionTasks"][0]["suppressDeletion"] is True


# The end of a task


def test_a_task_lasts_until_the_replacement_is_healthy():
    """karmada#3736: the replacement ran, but was not healthy."""
    moved = {"replicas": 3, "tasks": [task(replicas=3)], **SINGLE}
    fleet = [cluster("east", GONE), cluster("west")]

    for said in ([], [item("west", "Unhealthy", ready=1)], [item("west", applied=False)], [item("west", ready=1)]):
        assert finish(binding(target("west", 3), said=said, **moved), fleet, NOW + 10_000).spec == {}
    over = finish(binding(target("west", 3), said=[item("west", ready=3)], **moved), fleet, NOW)
    assert over.spec == {"gracefulEvictionTasks": None}


def test_every_target_has_to_be_healthy():
    moved = binding(target("west", 1), target("north", 1), replicas=2, tasks=[task()], said=[item("west", ready=1)])

    assert finish(moved, [cluster("east", GONE), cluster("west"), cluster("north")], NOW).spec == {}


def test_kinds_without_health_are_replaced_when_they_are_applied():
    """karmada#4951: tasks of a ClusterRole never ended."""
    moved = binding(target("west"), tasks=[task()], said=[item("west", "Unknown")], kind=("v1", "ConfigMap"))

    assert finish(moved, [cluster("east", GONE), cluster("west")], NOW).spec == {"gracefulEvictionTasks": None}


def test_a_member_that_is_back_before_its_replacement_is_healthy_gets_its_workload_back():
    """karmada#5782, #5803: the task stayed for ever, and kept new replicas away."""
    moved = binding(target("west", 3), replicas=3, tasks=[task(replicas=3, clustersBeforeFailover=["east"])], **SINGLE)
    change = finish(moved, [cluster("east"), cluster("west")], NOW)

    assert change.spec == {"clusters": [target("east", 3)], "gracefulEvictionTasks": None}


def test_configuration_on_a_member_that_is_back_is_not_deleted():
    both = binding(target("west"), tasks=[task(clustersBeforeFailover=["east"])], kind=("v1", "ConfigMap"))
    change = finish(both, [cluster("east"), cluster("west")], NOW)

    assert target("east") in change.spec["clusters"] and change.spec["gracefulEvictionTasks"] is None


def test_a_member_that_is_back_later_loses_its_copy():
    moved = binding(target("west", 3), replicas=3, tasks=[task(replicas=3)], said=[item("west", ready=3)], **SINGLE)

    assert finish(moved, [cluster("east"), cluster("west")], NOW).spec == {"gracefulEvictionTasks": None}


def test_a_task_of_a_cluster_that_is_a_target_again_or_has_left_is_over():
    again = binding(target("east", 1), replicas=1, tasks=[task()])
    assert finish(again, [cluster("east")], NOW).spec == {"gracefulEvictionTasks": None}
    assert finish(binding(target("west", 1), replicas=1, tasks=[task()]), [cluster("west")], NOW).spec == {
        "gracefulEvictionTasks": None
    }


def test_a_failed_application_does_not_return_because_its_member_is_fine():
    failed = task(producer="ResourceBindingApplicationFailoverController", reason=FAILURE)

    assert (
        finish(binding(target("west", 1), replicas=1, tasks=[failed]), [cluster("east"), cluster("west")], NOW).spec
        == {}
    )


def test_workloads_of_an_affinity_group_leave_a_lost_cluster_one_after_another():
    fleet = [cluster("east", GONE), cluster("north"), cluster("west")]
    mine = binding(target("east", 1), replicas=1, **SINGLE)
    still_there, gone_already = Peers((frozenset({"east"}),)), Peers((frozenset({"west"}),))

    assert evict(mine, [EAST], fleet, NOW, still_there).spec["clusters"] == [target("north", 1)]
    assert evict(mine, [EAST], fleet, NOW, gone_already).spec["clusters"] == [target("west", 1)]


def test_a_workload_that_fails_alone_does_not_leave_its_affinity_group():
    fleet = [cluster("east"), cluster("west")]
    sick = Leaving("east", FAILURE, "x")

    found = evict(binding(target("east", 1), replicas=1, **SINGLE), [sick], fleet, NOW, Peers((frozenset({"east"}),)))

    assert found.spec == {} and "affinity group" in found.words
