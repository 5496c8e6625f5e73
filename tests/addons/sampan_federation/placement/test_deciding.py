from __future__ import annotations

from sampan_federation.placement.clusters import Candidate
from sampan_federation.placement.deciding import NO_FIT, UNSCHEDULABLE, ask_of, decide
from sampan_federation.placement.grouping import Peers

APPS = ("apps/v1", "Deployment")


def cluster(name: str, region: str = "", cpu: str = "10", **labels: str) -> Candidate:
    summary = {"allocatable": {"cpu": cpu, "pods": "100"}}
    return Candidate(name, labels, region=region, kinds=frozenset({APPS}), kinds_complete=True, summary=summary)


def binding(placement, replicas=None, clusters=(), tasks=(), status=None, **spec):
    resource = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "default", "uid": "1"}
    counted = {} if replicas is None else {"replicas": replicas}
    return {
        "spec": {
            "resource": resource, "placement": placement, "clusters": list(clusters),
            "gracefulEvictionTasks": list(tasks), **counted, **spec,
        },
        "status": status or {},
    }  # fmt: skip


def placed(placement, fleet, **spec):
    decision = decide(ask_of(binding(placement, **spec)), fleet)
    assert decision.scheduled, decision.message
    return {target.name: target.replicas for target in decision.targets}


def divided(preference: str = "Weighted", **weights):
    return {
        "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference, **weights}
    }


def static(**weights: int):
    rules = [{"targetCluster": {"clusterNames": [name]}, "weight": weight} for name, weight in weights.items()]
    return divided(weightPreference={"staticWeightList": rules})


FLEET = [cluster("a", "r1"), cluster("b", "r2"), cluster("c", "r3")]


def test_duplicated_is_the_default_and_gives_each_all_replicas():
    assert placed({}, FLEET, replicas=2) == {"a": 2, "b": 2, "c": 2}


def test_objects_without_replicas_are_placed_by_name():
    assert placed({"clusterAffinity": {"clusterNames": ["a"]}}, FLEET) == {"a": None}


def test_static_weights_and_clusters_that_no_rule_names():
    assert placed(static(a=1, b=2), FLEET, replicas=9) == {"a": 3, "b": 6}
    assert placed(divided(), FLEET, replicas=3) == {"a": 1, "b": 1, "c": 1}


def test_dynamic_weights_by_room():
    fleet = [cluster("a", cpu="6"), cluster("b", cpu="3")]
    requests = {"replicaRequirements": {"resourceRequest": {"cpu": "1"}}}

    dynamic = divided(weightPreference={"dynamicWeight": "AvailableReplicas"})
    assert placed(dynamic, fleet, replicas=6, **requests) == {"a": 4, "b": 2}
    assert placed(divided("Aggregated"), fleet, replicas=6, **requests) == {"a": 6}

    decision = decide(ask_of(binding(dynamic, replicas=10, **requests)), fleet)
    assert decision.reason == UNSCHEDULABLE and "room for 9 more" in decision.message
    assert decision.verdicts["b"] == "it fits, but has room for 3 more replicas only"


def test_affinities_are_tried_in_order_and_the_one_taken_is_kept():
    terms = {
        "clusterAffinities": [
            {"affinityName": "primary", "clusterNames": ["x"]},
            {"affinityName": "backup", "clusterNames": ["b"]},
            {"affinityName": "last", "clusterNames": ["c"]},
        ]
    }
    decision = decide(ask_of(binding(terms, 1)), FLEET)

    assert decision.affinity == "backup" and [each.name for each in decision.targets] == ["b"]
    again = binding(terms, 1, status={"schedulerObservingAffinityName": "last"})
    assert decide(ask_of(again), FLEET).affinity == "last"
    assert decide(ask_of(again), [cluster("x"), cluster("b")]).affinity == "primary"


def test_an_affinity_overflows_when_its_clusters_have_no_room():
    terms = {
        "clusterAffinities": [
            {
                "affinityName": "own",
                "clusterNames": ["a"],
                "overflowAffinities": [{"affinityName": "cloud", "clusterNames": ["b"]}],
            }
        ],
        **divided("Aggregated"),
    }
    requests = {"replicaRequirements": {"resourceRequest": {"cpu": "1"}}}

    assert placed(terms, FLEET, replicas=10, **requests) == {"a": 10}
    assert placed(terms, FLEET, replicas=12, **requests) == {"a": 6, "b": 6}


def test_spread_over_two_regions():
    wanted = {
        "spreadConstraints": [
            {"spreadByField": "region", "minGroups": 2, "maxGroups": 2},
            {"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2},
        ]
    }

    assert set(placed(wanted, FLEET, replicas=1)) == {"a", "b"}
    kept = placed(wanted, FLEET, replicas=1, clusters=[{"name": "c", "replicas": 1}, {"name": "b", "replicas": 1}])
    assert set(kept) == {"b", "c"}


def test_the_verdicts_say_for_each_cluster_why_not():
    decision = decide(ask_of(binding({"clusterAffinity": {"clusterNames": ["x"]}}, 1)), FLEET)

    assert decision.reason == NO_FIT and "0 of 3 clusters fit" in decision.message
    assert all("names x only" in words for words in decision.verdicts.values())
    assert "no member" in decide(ask_of(binding({}, 1)), []).message


def test_a_cluster_that_is_evicted_from_is_not_taken():
    assert placed({}, FLEET, replicas=1, tasks=[{"fromCluster": "a"}]) == {"b": 1, "c": 1}


def test_a_reschedule_that_was_asked_for_starts_afresh():
    fleet = [cluster("a", cpu="2"), cluster("b", cpu="6")]
    dynamic = divided(weightPreference={"dynamicWeight": "AvailableReplicas"})
    asked = {
        "clusters": [{"name": "a", "replicas": 4}],
        "rescheduleTriggeredAt": "2026-11-30T07:00:00Z",
        "status": {"lastScheduledTime": "2026-11-30T06:00:00Z"},
        "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
    }

    assert placed(dynamic, fleet, replicas=4, **asked) == {"a": 2, "b": 2}
    asked["status"] = {"lastScheduledTime": "2026-11-30T08:00:00Z"}
    assert placed(dynamic, fleet, replicas=4, **asked) == {"a": 4}


def test_scaled_to_zero_it_keeps_its_clusters():
    assert placed(static(a=1, b=2), FLEET, replicas=0) == {"a": 0, "b": 0, "c": 0}


def test_a_workload_is_spread_by_the_value_of_a_label():
    fleet = [cluster("a", tier="gold"), cluster("b", tier="gold"), cluster("c", tier="iron"), cluster("d")]
    placement = {
        "spreadConstraints": [
            {"spreadByLabel": "tier", "maxGroups": 2, "minGroups": 2},
            {"spreadByField": "cluster", "maxGroups": 2},
        ]
    }

    assert placed(placement, fleet) == {"a": None, "c": None}
    assert decide(ask_of(binding(placement)), fleet).verdicts["d"] == (
        "it has no label tier, by which workloads are to be spread"
    )


def test_workloads_of_a_group_run_together_or_apart_and_stay_where_they_are():
    together = decide(ask_of(binding({}, 1), Peers((frozenset({"b"}),))), FLEET)
    assert [target.name for target in together.targets] == ["b"]
    assert together.verdicts["a"] == "another workload of its affinity group is not there"

    apart = decide(ask_of(binding({}, 1), Peers(apart=frozenset({"b"}))), FLEET)
    assert [target.name for target in apart.targets] == ["a", "c"]

    running = binding({}, 1, clusters=[{"name": "b", "replicas": 1}])
    stays = decide(ask_of(running, Peers(apart=frozenset({"a", "b", "c"}))), FLEET)
    assert [target.name for target in stays.targets] == ["b"]
