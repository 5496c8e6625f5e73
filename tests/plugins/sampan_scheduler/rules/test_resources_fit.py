from sampan_scheduler.rules.resources_fit import (
    BalancedAllocation,
    ResourcesFit,
    by_shape,
    least_allocated,
    most_allocated,
)


def test_a_pod_goes_where_its_requests_are_free(build, place):
    cluster = place(build.node("full"), build.node("free")).put(build.pod("a", on="full", cpu="3500m"))

    assert cluster.node_of(build.pod("b", cpu="1")) == "free"
    assert cluster.explain(build.pod("b", cpu="1")).refused["full"].reason == "Insufficient cpu"


def test_a_node_without_room_for_pods_takes_none(build, place):
    assert "1 Too many pods" in place(build.node("n", pods="0")).why(build.pod("a"))


def test_everything_that_is_short_is_named(build, place):
    cluster = place(build.node("n", pods="1")).put(build.pod("a", on="n", cpu="4"))

    why = cluster.why(build.pod("b", cpu="1", memory="9Gi"))

    assert why == "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods."


def test_extended_resources_count_and_limits_do_not(build, place):
    cluster = place(build.node("n", **{"example.com/gpu": "1"}))
    limits = {"limits": {"cpu": "100"}, "requests": {"example.com/gpu": "1"}}
    pod = build.pod("a", containers=[{"name": "c", "resources": limits}])

    assert cluster.add(pod) == "n"
    assert "Insufficient example.com/gpu" in cluster.why(build.pod("b", **{"example.com/gpu": "1"}))


def test_init_containers_and_overhead_count_as_they_run(build, place):
    cluster = place(build.node("n"))
    init = [{"name": "i", "resources": {"requests": {"cpu": "3800m"}}}]

    assert cluster.node_of(build.pod("a", initContainers=init, cpu="1")) == "n"
    assert "cpu" in cluster.why(build.pod("b", initContainers=init, cpu="1", overhead={"cpu": "300m"}))


def test_the_emptier_node_is_better(build, place):
    cluster = place(build.node("a"), build.node("b")).put(build.pod("p", on="a", cpu="1", memory="2Gi"))

    assert cluster.node_of(build.pod("q", cpu="1", memory="2Gi")) == "b"


def test_balanced_use_is_better(build, place):
    used = [build.pod("x", on="a", cpu="2"), build.pod("y", on="b", memory="4Gi")]

    assert place(build.node("a"), build.node("b")).put(*used).node_of(build.pod("q", memory="2Gi", cpu="100m")) == "a"


def points(place, build, rule, node, pod):
    cluster = place(node)
    return rule.score(cluster.read(pod), cluster.cluster.by_name["n"])


def test_scoring_strategies_prefer_emptier_or_fuller_nodes_or_follow_a_shape(build, place):
    def of(scorer, **amounts):
        return points(place, build, ResourcesFit(scorer), build.node("n"), build.pod("p", **amounts))

    assert of(least_allocated, cpu="1", memory="2Gi") == 75
    assert of(most_allocated, cpu="1", memory="2Gi") == 25
    shape = by_shape([(0, 0), (50, 100), (100, 0)])
    assert of(shape, cpu="1", memory="2Gi") == 50
    assert of(shape, cpu="4", memory="2Gi") == 25


def test_extended_resources_score_only_for_pods_that_ask_for_them(build, place):
    rule = ResourcesFit(least_allocated, [("cpu", 1), ("example.com/gpu", 3)])
    node = build.node("n", **{"example.com/gpu": "4"})

    assert points(place, build, rule, node, build.pod("p", cpu="2")) == 50
    assert points(place, build, rule, node, build.pod("p", cpu="2", **{"example.com/gpu": "4"})) == 12


def test_resources_that_are_ignored_hold_no_node_back(build, place):
    pod = build.pod("p", **{"example.com/gpu": "1"})
    cluster = place(build.node("n"))
    node, info = cluster.cluster.by_name["n"], cluster.read(pod)

    assert ResourcesFit().filter(info, node).reason == "Insufficient example.com/gpu"
    assert ResourcesFit(ignored=frozenset({"example.com/gpu"})).filter(info, node) is None
    assert ResourcesFit(ignored=frozenset({"example.com/"})).filter(info, node) is None


def test_a_pod_without_requests_gets_no_points_for_balance(build, place):
    rule = BalancedAllocation()

    assert points(place, build, rule, build.node("n"), build.pod("p")) == 0
    assert points(place, build, rule, build.node("n"), build.pod("p", cpu="1", memory="2Gi")) == 75
    assert points(place, build, rule, build.node("n"), build.pod("p", cpu="2")) == 62
