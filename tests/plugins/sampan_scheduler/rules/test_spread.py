from collections import Counter

WEB = {"app": "web"}


def zones(build):
    return [build.node(f"n{i}", zone=f"z{i % 3}") for i in range(6)]


def test_no_zone_gets_ahead_by_more_than_the_skew(build, place):
    cluster = place(*zones(build))
    names = [
        cluster.add(build.pod(f"p{i}", labels=WEB, topologySpreadConstraints=[build.spread(WEB)])) for i in range(9)
    ]

    assert sorted(Counter(int(name[1:]) % 3 for name in names).values()) == [3, 3, 3]


def test_a_full_zone_holds_the_others_back(build, place):
    cluster = place(build.node("a", zone="x"), build.node("b", zone="y", cordoned=True))
    pod = build.pod("p", labels=WEB, topologySpreadConstraints=[build.spread(WEB)])
    assert cluster.add(pod) == "a"

    why = cluster.why(build.pod("q", labels=WEB, topologySpreadConstraints=[build.spread(WEB)]))

    assert "1 node(s) didn't match pod topology spread constraints" in why
    assert "1 node(s) were unschedulable" in why


def test_nodes_the_pod_may_not_use_do_not_count(build, place):
    cluster = place(build.node("a", zone="x", labels={"d": "1"}), build.node("b", zone="y"))
    pods = [
        build.pod(n, labels=WEB, nodeSelector={"d": "1"}, topologySpreadConstraints=[build.spread(WEB)]) for n in "pq"
    ]

    assert [cluster.add(pod) for pod in pods] == ["a", "a"]


def test_nodes_without_the_label_will_not_do(build, place):
    pod = build.pod("p", labels=WEB, topologySpreadConstraints=[build.spread(WEB)])

    assert "(missing required label)" in place(build.node("a")).why(pod)


def test_too_few_domains_count_as_empty_ones(build, place):
    constraint = build.spread(WEB, minDomains=2)
    cluster = place(build.node("a", zone="x")).put(build.pod("o", on="a", labels=WEB))

    assert cluster.node_of(build.pod("p", labels=WEB, topologySpreadConstraints=[constraint])) == ""


def test_a_wish_to_spread_only_draws(build, place):
    cluster = place(build.node("a", zone="x"), build.node("b", zone="y")).put(build.pod("o", on="a", labels=WEB))
    pod = build.pod("p", labels=WEB, topologySpreadConstraints=[build.spread(WEB, hard=False)])
    assert cluster.node_of(pod) == "b"

    cluster.cluster.drop_node("b")

    assert cluster.node_of(pod) == "a"


def test_pods_of_one_controller_avoid_each_other_unasked(build, place):
    nodes = [build.node("a", zone="x"), build.node("b", zone="x", cpu="3"), build.node("c", zone="y", cpu="3")]
    cluster = place(*nodes)

    first = cluster.add(build.pod("p", owner="rs"))

    second = cluster.add(build.pod("q", owner="rs"))
    assert {first, second} in ({"a", "c"}, {"b", "c"})
