def test_a_pod_goes_where_its_requests_are_free(build, place):
    cluster = place(build.node("full"), build.node("free")).put(build.pod("a", on="full", cpu="3500m"))

    decision = cluster.decide(build.pod("b", cpu="1"))

    assert decision.node == "free"
    assert decision.reasons == {"Insufficient cpu": 1}


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
