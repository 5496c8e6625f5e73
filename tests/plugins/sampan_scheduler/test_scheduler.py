import pytest

from sampan.errors import Conflict, ServiceUnavailable


def test_a_pod_is_bound_and_that_is_told(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", cpu="1"))

    world.run()

    assert world.where("p") == "n"
    assert world.api.events == [("p", "Scheduled", "Successfully assigned default/p to n")]


def test_assumed_pods_take_room_before_any_watch_shows_them(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", cpu="3"), build.pod("q", cpu="3"))
    world.api.deaf = True

    world.run()

    assert world.where("p") == "n"
    assert world.where("q") == ""


def test_why_there_is_no_node_is_written_once_in_the_condition(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", cpu="9"))
    text = (
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )

    world.run()

    condition = world.api.pods["p"]["status"]["conditions"][0]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "Unschedulable")
    assert condition["message"] == text
    assert world.api.events == [("p", "FailedScheduling", text)]
    world.run(400)
    assert world.api.writes.count(("patch", "p")) == 1


@pytest.mark.parametrize("change", ["new", "bigger", "labelled"])
def test_a_node_that_helps_brings_the_pod_back_quickly(build, simulated, change):
    world = simulated()
    old = build.node("n", cpu="1")
    world.nodes(old)
    world.pods(build.pod("p", cpu="2", nodeSelector={"disk": "ssd"}))
    world.run()

    if change == "new":
        world.nodes(build.node("m", labels={"disk": "ssd"}))
    else:
        half = build.node("n", cpu="1" if change == "labelled" else "4", labels={"disk": "ssd"})
        world.scheduler.node_changed(old, half)
        world.run(1)
        world.scheduler.node_changed(half, build.node("n", cpu="4", labels={"disk": "ssd"}))
    world.run(1)

    assert world.where("p") in ("n", "m")


def test_a_heartbeat_wakes_no_pod(build, simulated):
    world = simulated()
    node = build.node("n")
    world.nodes(node)
    world.pods(build.pod("p", cpu="9"))
    world.run()
    beat = {**node, "status": {**node["status"], "conditions": [{"type": "Ready"}]}}

    world.scheduler.node_changed(node, beat)

    world.run(100)
    assert len(world.api.events) == 1


def test_a_pod_that_ends_makes_room(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("old", on="n", cpu="4"), build.pod("p", cpu="2"))
    world.run()
    assert world.where("p") == ""

    world.api.set({**world.api.pods["old"], "status": {"phase": "Succeeded"}})
    world.run(1)

    assert world.where("p") == "n"


def test_a_pod_that_others_wait_for_brings_them_back(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", affinity=build.near(build.term({"app": "db"}))))
    world.run()
    assert world.where("p") == ""

    world.pods(build.pod("db", labels={"app": "db"}))
    world.run(1)
    world.run(1)

    assert world.where("p") == "n"


@pytest.mark.parametrize("spec", [{"schedulerName": "mine"}, {"schedulingGates": [{"name": "g"}]}])
def test_pods_of_others_and_gated_ones_are_left_alone(build, simulated, spec):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", **spec))
    world.run()
    assert world.api.writes == []

    world.pods(build.pod("p"))
    world.run()

    assert world.where("p") == "n"


def test_a_pod_being_deleted_is_forgotten(build, simulated):
    world = simulated()
    world.pods(build.pod("p"))
    gone = build.pod("p")
    gone["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.pods(gone)
    world.nodes(build.node("n"))

    world.run(20)

    assert world.api.writes == []


def test_a_binding_that_fails_gives_the_room_back_and_is_tried_again(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", cpu="4"))
    world.api.refuse = ServiceUnavailable("not now")
    world.run()
    assert world.api.events == [("p", "FailedScheduling", "binding rejected: not now")]

    world.api.refuse = None
    world.run(1)

    assert world.where("p") == "n"


def test_a_conflict_is_not_tried_again_before_the_pod_is_heard_of(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p"))
    world.api.refuse = Conflict("assigned already")

    world.run()
    world.run(100)

    assert world.api.writes == [("bind", "p")]


def test_a_binding_never_heard_of_is_looked_up(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    world.pods(build.pod("p", cpu="4"), build.pod("q", cpu="4"))
    world.api.deaf = True
    world.run()
    del world.api.pods["p"]  # and its end was not heard of either

    world.now += 31
    world.scheduler.look_after_assumed()
    world.api.deaf = False
    world.run()
    world.run(1)

    assert world.where("q") == "n"


def test_the_important_push_out_the_unimportant_but_no_more_than_needed(build, simulated):
    world = simulated()
    world.api.lingering = True
    world.nodes(build.node("n"))
    world.pods(*(build.pod(f"p{i}", on="n", cpu="2", priority=i) for i in range(2)))
    world.pods(build.pod("vip", cpu="2", priority=10))
    world.run()
    assert ("delete", "p0") in world.api.writes
    assert world.api.pods["vip"]["status"]["nominatedNodeName"] == "n"
    assert ("p0", "Preempted", "Preempted by pod uid-vip on node n") in world.api.events
    assert world.api.pods["p0"]["status"]["conditions"][0]["reason"] == "PreemptionByScheduler"

    world.pods(build.pod("thief", cpu="1"))
    world.run(400)
    assert world.where("thief") == ""
    assert [write for write in world.api.writes if write[0] == "delete"] == [("delete", "p0")]

    world.api.end("p0")
    world.run(1)
    world.run(10)

    assert world.where("vip") == "n"


def test_many_alike_that_find_no_node_cost_one_decision(build, simulated):
    world = simulated()
    old = build.node("n")
    world.nodes(old)
    world.pods(*(build.pod(f"p{i}", cpu="3") for i in range(20)))
    world.run()
    decided = len(world.scheduler.explain())
    assert decided == 20

    world.nodes(build.node("m"))
    world.run(1)

    assert len(world.scheduler.explain()) == decided + 2


def test_decisions_can_be_explained_later(build, simulated):
    world = simulated()
    world.nodes(build.node("n"), build.node("m", cordoned=True))
    world.pods(build.pod("p"))
    world.run()

    (found,) = world.scheduler.explain("default/p")

    assert found["node"] == "n"
    assert found["nodes"] == {"total": 2, "passedOver": {}}


def test_a_label_of_a_namespace_that_changes_counts_for_pods_that_wait_and_pods_that_stand(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))
    team = {"matchLabels": {"team": "x"}}
    world.pods(build.pod("db", on="n", labels={"app": "db"}, namespace="other"))
    near = build.near(build.term({"app": "db"}, namespaceSelector=team))
    world.pods(build.pod("p", affinity=near))
    world.run()
    assert world.where("p") == ""

    labelled = {"metadata": {"name": "other", "labels": {"team": "x"}}}
    world.namespaces.add("other")
    world.scheduler.namespace_changed({"metadata": {"name": "other"}}, labelled)
    world.run(1)
    assert world.where("p") == "n"

    apart = build.apart(build.term({"app": "web"}, namespaceSelector=team))
    world.pods(build.pod("guard", on="n", affinity=apart))
    world.namespaces.clear()
    world.scheduler.namespace_changed(labelled, {"metadata": {"name": "other"}})
    world.pods(build.pod("web", labels={"app": "web"}, namespace="other"))
    world.run()
    assert world.where("web") == "n"


def test_pods_that_nothing_helps_are_not_tried_again(build, simulated):
    world = simulated()
    world.nodes(build.node("n", cpu="1"))
    world.pods(build.pod("p", cpu="2"), build.pod("small", on="n", labels={"app": "web"}))
    world.run()
    before = len(world.scheduler.explain("default/p"))

    world.nodes(build.node("m", cpu="1"))
    world.api.end("small")
    world.scheduler.node_changed(build.node("n", cpu="1"), build.node("n", cpu="1", labels={"a": "b"}))
    world.run(60)

    assert len(world.scheduler.explain("default/p")) == before


def test_a_resize_that_gives_room_back_lets_a_waiting_pod_in(build, simulated):
    world = simulated()
    world.nodes(build.node("n"))

    def big(cpu, held):
        status = {"containerStatuses": [{"name": "c", "resources": {"requests": {"cpu": held}}}]}
        return build.pod("big", on="n", cpu=cpu, status=status)

    world.pods(big("4", "4"))
    world.pods(build.pod("p", cpu="2"))
    world.run()
    world.pods(big("1", "4"))
    world.run(60)
    assert world.where("p") == ""

    world.pods(big("1", "1"))
    world.run(60)

    assert world.where("p") == "n"
