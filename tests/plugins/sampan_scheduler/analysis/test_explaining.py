from sampan_explain import Objects
from sampan_scheduler.analysis.explaining import causes
from sampan_scheduler.settings import Settings


def asked(pod, *objects):
    given = [{"kind": "Pod", "apiVersion": "v1", **pod}]
    given += [
        {"kind": "Pod" if "containers" in each["spec"] else "Node", "apiVersion": "v1", **each} for each in objects
    ]
    return list(causes(given[0], Objects.of(given, 0.0), Settings()))


def test_a_pod_without_a_node_is_explained_node_by_node(build):
    found = asked(build.pod("waits", cpu="9"), build.node("a"), build.node("b"))

    assert [cause.reason for cause in found] == ["NodeByNode"]
    assert "0/2 nodes are available: 2 Insufficient cpu" in found[0].text
    assert [line.split()[0] for line in found[0].lines[:3]] == ["NODE", "a", "b"]
    assert len(found[0].data["nodes"]) == 2


def test_a_pod_that_is_ready_says_what_came_second(build):
    pod = build.pod("there", on="a", cpu="1")
    pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    found = asked(pod, build.node("a"), build.node("b"))

    assert (found[0].reason, found[0].data["node"], found[0].note) == ("Placement", "a", True)


def test_of_pods_that_restart_or_wait_for_gates_or_another_scheduler_nothing_is_said(build):
    gated = build.pod("gated")
    gated["spec"]["schedulingGates"] = [{"name": "x"}]
    other = build.pod("other")
    other["spec"]["schedulerName"] = "mine"

    assert [asked(pod, build.node("a")) for pod in (build.pod("crashes", on="a"), gated, other)] == [[], [], []]


def test_a_cluster_without_nodes_is_said_elsewhere(build):
    assert asked(build.pod("waits")) == []


def test_it_asks_for_what_a_snapshot_needs(build):
    objects = Objects(0.0)
    list(causes({"kind": "Pod", "apiVersion": "v1", **build.pod("waits")}, objects, Settings()))

    assert {want.resource.plural for want in objects.wanted} == {
        "nodes", "pods", "namespaces", "poddisruptionbudgets", "priorityclasses"
    }  # fmt: skip
