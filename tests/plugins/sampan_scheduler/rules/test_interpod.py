WEB, DB = {"app": "web"}, {"app": "db"}


def test_anti_affinity_keeps_pods_apart(build, place):
    cluster = place(build.node("a"), build.node("b"))
    pods = [build.pod(n, labels=WEB, affinity=build.apart(build.term(WEB))) for n in "pqr"]

    assert {cluster.add(pods[0]), cluster.add(pods[1])} == {"a", "b"}
    why = cluster.why(pods[2])
    assert why == "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules."


def test_what_placed_pods_refuse_holds_for_newcomers(build, place):
    cluster = place(build.node("a", zone="x"), build.node("b", zone="x"), build.node("c", zone="y"))
    cluster.put(build.pod("p", on="a", affinity=build.apart(build.term(WEB, build.zone))))

    assert cluster.node_of(build.pod("q", labels=WEB)) == "c"
    cluster.cluster.drop_node("c")
    assert "2 node(s) didn't satisfy existing pods anti-affinity rules." in cluster.why(build.pod("q", labels=WEB))


def test_anti_affinity_against_others_is_named(build, place):
    cluster = place(build.node("a")).put(build.pod("p", on="a", labels=DB))

    why = cluster.why(build.pod("q", affinity=build.apart(build.term(DB))))

    assert why == "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."


def test_affinity_draws_pods_into_the_zone(build, place):
    cluster = place(build.node("a", zone="x"), build.node("b", zone="y")).put(build.pod("p", on="b", labels=DB))

    assert cluster.node_of(build.pod("q", affinity=build.near(build.term(DB, build.zone)))) == "b"


def test_the_first_of_a_group_may_go_anywhere(build, place):
    cluster = place(build.node("a", zone="x"), build.node("b", zone="y"))
    pods = [build.pod(n, labels=WEB, affinity=build.near(build.term(WEB, build.zone))) for n in "pqr"]

    assert len({cluster.add(pod) for pod in pods}) == 1


def test_affinity_to_no_pod_finds_no_node(build, place):
    why = place(build.node("a")).why(build.pod("q", affinity=build.near(build.term(DB))))

    assert why == "0/1 nodes are available: 1 node(s) didn't match pod affinity rules."


def test_terms_are_about_their_own_namespace_unless_they_name_others(build, place):
    cluster = place(build.node("a")).put(build.pod("p", on="a", labels=DB, namespace="other"))

    assert cluster.node_of(build.pod("q", affinity=build.near(build.term(DB)))) == ""
    assert cluster.node_of(build.pod("q", affinity=build.near(build.term(DB, namespaces=["other"])))) == "a"
    assert cluster.node_of(build.pod("q", affinity=build.near(build.term(DB, namespaceSelector={})))) == "a"
    selected = build.term(DB, namespaceSelector={"matchLabels": {"team": "x"}})
    assert cluster.node_of(build.pod("q", affinity=build.near(selected))) == "a"


def test_preferences_draw_and_repel(build, place):
    cluster = place(build.node("a"), build.node("b")).put(build.pod("p", on="a", labels=DB))

    assert cluster.node_of(build.pod("q", affinity=build.prefers("podAffinity", 100, build.term(DB)))) == "a"
    assert cluster.node_of(build.pod("q", affinity=build.prefers("podAntiAffinity", 100, build.term(DB)))) == "b"


def test_counts_follow_pods_that_go_and_nodes_that_move(build, place):
    cluster = place(build.node("a", zone="x"), build.node("b", zone="y")).put(build.pod("p", on="a", labels=DB))
    pod = build.pod("q", affinity=build.apart(build.term(DB, build.zone)))
    assert cluster.node_of(pod) == "b"

    cluster.cluster.set_node(build.node("b", zone="x"))
    assert cluster.node_of(pod) == ""

    cluster.cluster.remove_pod("uid-p")
    assert cluster.node_of(pod) in ("a", "b")
