from sampan_scheduling.contracts import UNCHECKED, Verdict


def test_no_nodes_is_said_in_so_many_words(build, place):
    assert place().why(build.pod("p")) == "no nodes available to schedule pods"


def test_reasons_are_counted_by_node(build, place):
    taint = {"key": "k", "effect": "NoSchedule"}
    cluster = place(build.node("a"), build.node("b", taints=[taint]), build.node("c", taints=[taint]))

    why = cluster.why(build.pod("p", cpu="5"))

    assert why == "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s)."


def test_every_node_is_explained_with_who_refuses_it_or_its_points_by_plugin(build, place):
    cluster = place(build.node("a"), build.node("b", cordoned=True), build.node("c", cpu="1"), build.node("d", cpu="8"))

    found = cluster.explain(build.pod("p", cpu="2"))

    assert {name: (verdict.plugin, verdict.reason) for name, verdict in found.refused.items()} == {
        "b": ("NodeUnschedulable", "node(s) were unschedulable"),
        "c": ("NodeResourcesFit", "Insufficient cpu"),
    }
    assert found.points["d"]["NodeResourcesFit"] > found.points["a"]["NodeResourcesFit"] > 0
    assert found.points["a"]["TaintToleration"] == 300
    assert [name for name, _ in found.ranked()] == ["d", "a"] and cluster.node_of(build.pod("p", cpu="2")) == "d"


def test_only_nodes_that_a_pod_names_are_asked_and_the_summary_says_so_as_upstream_does(build, place):
    def wants(*names):
        fields = [{"key": "metadata.name", "operator": "In", "values": list(names)}]
        required = {"nodeSelectorTerms": [{"matchFields": fields}]}
        return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}

    cluster = place(build.node("a"), build.node("b"), build.node("c", cordoned=True))

    assert cluster.node_of(build.pod("p", affinity=wants("b"))) == "b"
    assert cluster.why(build.pod("p", affinity=wants("c"))) == (
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."
    )
    none = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]} for name in "ab"]}
    ]}}}  # fmt: skip
    assert cluster.why(build.pod("p", affinity=none)) == "0/3 nodes are available: pod affinity terms conflict."


def test_a_dropped_node_leaves_no_trace(build, place):
    cluster = place(*(build.node(name) for name in "abc")).put(build.pod("p", on="c", cpu="4"))
    pod = build.pod("q", cpu="1")
    assert len(cluster.explain(pod).points) == 2

    cluster.cluster.drop_node("a")

    assert cluster.node_of(pod) == "b"
    assert [verdict.reason for verdict in cluster.explain(pod).refused.values()] == ["Insufficient cpu"]
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


class Unchecking:
    """Looks after a resource itself."""

    name, weight = "mine", 0

    def pre_filter(self, state, pod, nodes):
        state[UNCHECKED] = frozenset({"example.com/gpu"})

    def filter(self, state, pod, node):
        return None if node.name == "n" else Verdict("no gpu")


def test_a_resource_that_a_plugin_looks_after_is_not_checked_by_our_own_rule(build, place):
    cluster = place(build.node("n"), build.node("m"), third_party=[Unchecking()])
    wants = {"example.com/gpu": "1"}

    assert cluster.node_of(build.pod("p", **wants)) == "n"
    assert set(cluster.explain(build.pod("p", **wants)).points) == {"n"}
    assert cluster.why(build.pod("p", cpu="9", **wants)) == "0/2 nodes are available: 2 Insufficient cpu."
