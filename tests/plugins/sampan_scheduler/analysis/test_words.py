from sampan_scheduler.analysis import words
from sampan_scheduler.analysis.planning import PlannedPod


def why(plan, nodes, pods, pod):
    return "\n".join(words.why_lines(plan(nodes, pods).why(pod)))


def test_a_pod_without_a_node_reads_its_summary_then_node_by_node(build, plan):
    said = why(plan, [build.node("a", cpu="1"), build.node("b", cordoned=True)], [], build.pod("p", cpu="2"))

    assert said.splitlines() == [
        "pod default/p has no node. 0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.",
        "",
        "NODE  REFUSED BY         REASON                      DETAIL",
        "a     NodeResourcesFit   Insufficient cpu            cpu: wants 2000m, 1000m of 1000m are free",
        "b     NodeUnschedulable  node(s) were unschedulable",
        "",
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    ]


def test_a_pod_on_a_node_reads_the_points_of_all_and_what_comes_second(build, plan):
    pod = build.pod("p", on="b", cpu="1", memory="1Gi")
    said = why(plan, [build.node("a", cpu="2"), build.node("b")], [pod], pod)

    lines = said.splitlines()
    assert lines[0].startswith("pod default/p is on node b.")
    assert lines[2].split()[:2] == ["NODE", "TOTAL"]
    assert (lines[3].split()[:2], lines[4].split()[0]) == (["*", "b"], "a")
    assert "NodeResourcesFit" in lines[2]
    assert lines[-1] == "After b comes a."


def test_a_node_that_would_not_be_chosen_any_more_is_said(build, plan):
    pod = build.pod("p", on="a", cpu="1")

    assert "Today b would be taken" in why(plan, [build.node("a"), build.node("b", cpu="8")], [pod], pod)
    assert "No node but a will do." in why(plan, [build.node("a")], [pod], pod)
    cordoned = build.node("a", cordoned=True)
    assert "a itself would be refused now." in why(plan, [cordoned, build.node("b")], [pod], pod)


def test_a_gated_pod_names_its_gates(build, plan):
    pod = build.pod("p", schedulingGates=[{"name": "example.com/wait"}])

    said = why(plan, [build.node("a")], [], pod)

    assert said == "pod default/p is not scheduled until its scheduling gates are removed: example.com/wait"


def test_what_the_scheduler_said_itself_is_added_where_it_says_more(build, plan):
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: 1 persistent volume missing"}
    claim = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    pod = build.pod("p", volumes=claim, status={"conditions": [condition]})

    said = why(plan, [build.node("a")], [], pod)

    assert "The scheduler said last: 0/1 nodes: 1 persistent volume missing" in said
    assert "plugins for volumes" in said


def test_preemption_says_whom_it_would_remove(build, plan):
    said = why(plan, [build.node("a")], [build.pod("x", on="a", cpu="4")], build.pod("p", cpu="4", priority=1))

    assert said.endswith("preemption: would help on node a, by removing default/x")


def test_a_report_is_json_too(build, plan):
    found = words.why_json(plan([build.node("a"), build.node("b", cpu="1")]).why(build.pod("p", cpu="2")))

    assert [node["name"] for node in found["nodes"]] == ["a", "b"]
    assert found["nodes"][0]["total"] == sum(found["nodes"][0]["points"].values())
    assert found["nodes"][1]["plugin"] == "NodeResourcesFit"


def test_a_plan_reads_as_a_table_with_a_count(build):
    planned = [
        PlannedPod(build.pod("p"), "a", victims=("default/x",)), PlannedPod(build.pod("q"), "", "nothing fits"),
    ]  # fmt: skip

    assert list(words.plan_lines(planned)) == [
        "POD        NODE  NOTE",
        "default/p  a     preempts default/x",
        "default/q  -     nothing fits",
        "",
        "1 of 2 pods would have a node.",
    ]
    moved = [PlannedPod(build.pod("p"), "b", origin="a")]
    assert list(words.plan_lines(moved))[:2] == ["POD        FROM  NODE", "default/p  a     b"]
    assert words.plan_json(moved)["pods"][0]["from"] == "a"
