import pytest

from sampan_scheduler.analysis.planning import UnknownScheduler

BUDGET = {
    "metadata": {"name": "b", "namespace": "default"},
    "spec": {"selector": {"matchLabels": {"app": "web"}}},
    "status": {"disruptionsAllowed": 0},
}


def test_a_pod_without_a_node_is_told_what_each_node_lacks(build, plan):
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    nodes = [build.node("a"), build.node("b", taints=[taint]), build.node("c", cordoned=True)]

    report = plan(nodes, [build.pod("x", on="a", cpu="3")]).why(build.pod("p", cpu="2"))

    assert {name: verdict.plugin for name, verdict in report.found.refused.items()} == {
        "a": "NodeResourcesFit", "b": "TaintToleration", "c": "NodeUnschedulable",
    }  # fmt: skip
    assert report.details["a"] == "cpu: wants 2000m, 1000m of 4000m are free"
    assert report.details["b"] == "gpu=yes:NoSchedule"
    assert report.message == (
        "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable."
    )
    assert "No preemption victims found" in report.room.why


def test_a_pod_on_a_node_is_judged_without_itself(build, plan):
    pod = build.pod("p", on="a", cpu="3")

    report = plan([build.node("a"), build.node("b", cpu="2"), build.node("c", cpu="8")], [pod]).why(pod)

    assert report.node == "a"
    assert [name for name, _ in report.found.ranked()] == ["c", "a"]
    assert list(report.found.refused) == ["b"]
    assert not report.message


def test_whom_preemption_would_remove_is_said_with_broken_budgets(build, plan):
    victim = build.pod("web", on="a", cpu="4", labels={"app": "web"})

    room = plan([build.node("a")], [victim], budgets=[BUDGET]).why(build.pod("p", cpu="2", priority=9)).room

    assert (room.node, [each.name for each in room.victims], room.violations) == ("a", ["web"], 1)


def test_a_pod_of_another_scheduler_is_not_ours_to_explain(build, plan):
    with pytest.raises(UnknownScheduler, match="'another'"):
        plan([build.node("a")]).why(build.pod("p", schedulerName="another"))


def test_pods_are_placed_one_after_another_and_see_each_other(build, plan):
    found = plan([build.node("a"), build.node("b")]).place([build.pod(n, cpu="3") for n in "pqr"])

    assert sorted(each.node for each in found[:2]) == ["a", "b"]
    assert (found[2].node, found[2].message) == ("", "0/2 nodes are available: 2 Insufficient cpu.")


def test_pods_that_are_preempted_in_the_plan_are_placed_again(build, plan):
    nodes = [build.node("a"), build.node("b", cpu="1")]
    found = plan(nodes, [build.pod("small", on="a", cpu="1")]).place([build.pod("vip", cpu="4", priority=5)])

    assert [(each.pod["metadata"]["name"], each.node, each.victims, each.origin) for each in found] == [
        ("vip", "a", ("default/small",), ""), ("small", "b", (), "a"),
    ]  # fmt: skip


def test_the_pods_of_a_node_that_goes_move_but_those_of_daemonsets_do_not(build, plan):
    daemon = build.pod("d", on="a")
    daemon["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "name": "d", "uid": "d", "controller": True}]
    mirror = build.pod("m", on="a")
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    pods = [build.pod("p", on="a", cpu="1"), build.pod("q", on="b"), daemon, mirror]
    found = plan([build.node("a"), build.node("b")], pods, without=["a"])

    (moved,) = found.place(found.displaced())

    assert (moved.pod["metadata"]["name"], moved.origin, moved.node) == ("p", "a", "b")


def test_equal_snapshots_give_equal_answers(build, plan):
    def run():
        pods = [build.pod(f"p{i}", cpu="100m") for i in range(20)]
        return [each.node for each in plan([build.node(name) for name in "abcd"]).place(pods)]

    assert run() == run()


def test_namespaces_are_chosen_by_their_labels(build, plan):
    namespaces = [{"metadata": {"name": "other", "labels": {"team": "x"}}}]
    term = build.term({"app": "db"}, namespaceSelector={"matchLabels": {"team": "x"}})
    placed = build.pod("db", on="b", labels={"app": "db"}, namespace="other")
    found = plan([build.node("a"), build.node("b")], [placed], namespaces=namespaces)

    assert found.place([build.pod("p", affinity=build.near(term))])[0].node == "b"
