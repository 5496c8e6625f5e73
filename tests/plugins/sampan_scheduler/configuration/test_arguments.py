import pytest

from sampan.errors import ConfigError
from sampan_scheduler.configuration import arguments
from sampan_scheduler.configuration.fields import Fields
from sampan_scheduler.profiles import Candidates


def args(**fields):
    return Fields(fields, "args")


def wrong(read, **fields):
    with pytest.raises(ConfigError) as raised:
        read(args(**fields))
    return str(raised.value)


def test_preemption_says_how_many_nodes_are_tried():
    assert arguments.candidates(args()) == Candidates(10, 100)
    assert arguments.candidates(args(minCandidateNodesPercentage=0, minCandidateNodesAbsolute=5)) == Candidates(0, 5)
    assert "must not both be 0" in wrong(
        arguments.candidates, minCandidateNodesPercentage=0, minCandidateNodesAbsolute=0
    )


def test_default_constraints_are_a_list_or_the_built_in_ones():
    rack = {"topologyKey": "rack", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}

    found = arguments.spread_defaults(args(defaultingType="List", defaultConstraints=[rack]))

    assert (found.constraints, found.system) == ((rack,), False)
    assert arguments.spread_defaults(args()).system
    assert "needs defaultingType: List" in wrong(arguments.spread_defaults, defaultConstraints=[rack])
    selecting = {**rack, "labelSelector": {}}
    assert "labelSelector is unknown" in wrong(
        arguments.spread_defaults, defaultingType="List", defaultConstraints=[selecting]
    )
    assert "maxSkew must be at least 1" in wrong(
        arguments.spread_defaults, defaultingType="List", defaultConstraints=[{**rack, "maxSkew": 0}]
    )


def test_affinity_that_a_profile_adds_holds_for_every_pod(build, place):
    term = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    rule = arguments.node_affinity(args(addedAffinity=required))
    cluster = place(build.node("a"), build.node("b", labels={"disk": "ssd"}))
    pod = cluster.read(build.pod("p"))

    assert rule.filter(pod, cluster.cluster.by_name["a"]).reason == (
        "node(s) didn't match scheduler-enforced node affinity"
    )
    assert rule.filter(pod, cluster.cluster.by_name["b"]) is None
    prefers = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "preference": term}]}
    rule = arguments.node_affinity(args(addedAffinity=prefers))
    assert [rule.raw(pod, node) for node in cluster.cluster.rows] == [0, 5]
    bad = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Is"}]}]}
    assert "args.addedAffinity." in wrong(
        arguments.node_affinity, addedAffinity={"requiredDuringSchedulingIgnoredDuringExecution": bad}
    )


def test_resources_are_scored_as_the_strategy_says(build, place):
    cluster = place(build.node("n"))
    pod, node = cluster.read(build.pod("p", cpu="1", memory="2Gi")), cluster.cluster.rows[0]

    def points(**strategy):
        return arguments.resources_fit(args(scoringStrategy=strategy)).score(pod, node)

    assert points() == 75
    assert points(type="MostAllocated", resources=[{"name": "cpu"}]) == 25
    shape = [{"utilization": 0, "score": 0}, {"utilization": 50, "score": 10}]
    assert points(type="RequestedToCapacityRatio", requestedToCapacityRatio={"shape": shape}) == 50
    assert "must have at least one point" in wrong(
        arguments.resources_fit, scoringStrategy={"type": "RequestedToCapacityRatio"}
    )
    down = {"shape": [{"utilization": 9, "score": 0}, {"utilization": 9, "score": 1}]}
    assert "shape has to ascend" in wrong(
        arguments.resources_fit,
        scoringStrategy={"type": "RequestedToCapacityRatio", "requestedToCapacityRatio": down},
    )
    assert "must not contain '/'" in wrong(arguments.resources_fit, ignoredResourceGroups=["example.com/gpu"])


def test_balance_and_affinity_have_arguments_too():
    assert "weight must be 0 to 1" in wrong(arguments.balanced_allocation, resources=[{"name": "cpu", "weight": 2}])
    assert arguments.balanced_allocation(args(resources=[{"name": "cpu"}])).name == "NodeResourcesBalancedAllocation"
    assert "hardPodAffinityWeight must be 0 to 100" in wrong(arguments.interpod_affinity, hardPodAffinityWeight=101)
