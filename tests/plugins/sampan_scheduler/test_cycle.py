def test_no_nodes_is_said_in_so_many_words(build, place):
    assert place().why(build.pod("p")) == "no nodes available to schedule pods"


def test_reasons_are_counted_by_node(build, place):
    taint = {"key": "k", "effect": "NoSchedule"}
    cluster = place(build.node("a"), build.node("b", taints=[taint]), build.node("c", taints=[taint]))

    why = cluster.why(build.pod("p", cpu="5"))

    assert why == "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s)."


def test_a_decision_says_why_the_chosen_node_and_not_the_others(build, place):
    decision = place(build.node("a"), build.node("b", cordoned=True)).decide(build.pod("p", cpu="1"))

    assert (decision.node, decision.feasible, decision.total) == ("a", 1, 2)
    assert decision.reasons == {"node(s) were unschedulable": 1}
    assert decision.score == sum(decision.points.values()) > 0
    assert "NodeResourcesFit" in decision.points
    assert decision.explained()["nodes"]["passedOver"] == {"node(s) were unschedulable": 1}


def test_a_dropped_node_leaves_no_trace(build, place):
    cluster = place(*(build.node(name) for name in "abc")).put(build.pod("p", on="c", cpu="4"))
    pod = build.pod("q", cpu="1")
    assert cluster.decide(pod).feasible == 2

    cluster.cluster.drop_node("a")

    assert cluster.node_of(pod) == "b"
    assert cluster.decide(pod).reasons == {"Insufficient cpu": 1}
    cluster.cluster.drop_node("b")
    cluster.cluster.drop_node("c")
    assert cluster.why(pod) == "no nodes available to schedule pods"


def test_pods_on_a_node_not_yet_seen_count_once_it_comes(build, place):
    cluster = place().put(build.pod("p", on="late", cpu="4"))

    cluster.cluster.set_node(build.node("late"))

    assert "Insufficient cpu" in cluster.why(build.pod("q", cpu="1"))


def test_tables_that_are_far_behind_start_again(build, place):
    cluster = place(build.node("a"))
    pod = build.pod("q", cpu="1")
    assert cluster.node_of(pod) == "a"

    cluster.put(build.pod("p", on="a", cpu="4"))
    cluster.cluster.changes += [0] * 30000
    cluster.cluster.trim()
    cluster.cluster.changes.clear()
    cluster.cluster.forgotten += 10000

    assert cluster.node_of(pod) == ""


def test_room_that_was_made_is_kept_from_the_less_important(build, place):
    cluster = place(build.node("a"))
    waiting = cluster.read(build.pod("vip", cpu="3", priority=10))
    cluster.cluster.nominate(waiting, "a")

    assert cluster.node_of(build.pod("p", cpu="2")) == ""
    assert cluster.node_of(build.pod("p", cpu="1")) == "a"
    assert cluster.node_of(build.pod("q", cpu="2", priority=11)) == "a"
    assert cluster.node_of(waiting.object) == "a"

    cluster.cluster.unnominate("uid-vip")
    assert cluster.node_of(build.pod("p", cpu="2")) == "a"
