import pytest

from sampan_scheduler.preemption import PreemptionResult, best, make_room, read_budgets
from sampan_scheduler.profiles import Candidates


def room_for(place, pod, **more):
    info = place.read(pod)
    outcome = place.cycle.decide(info)
    assert not outcome.decision.node
    before = {name: dict(node.used) for name, node in place.cluster.by_name.items()}
    room = make_room(info, place.cluster, outcome.refused, lambda pod, node: place.cycle.fits(pod, node, {}), **more)
    assert {name: node.used for name, node in place.cluster.by_name.items()} == before, "a trial left traces"
    return room


def victims(room):
    return [info.name for info in room.victims]


def test_as_few_and_as_unimportant_pods_go_as_it_takes(build, place):
    pods = [build.pod(f"p{i}", on="n", cpu="1", priority=i) for i in range(4)]

    room = room_for(place(build.node("n")).put(*pods), build.pod("vip", cpu="2", priority=10))

    assert (room.node, sorted(victims(room))) == ("n", ["p0", "p1"])


def test_the_node_with_the_least_important_victims_is_cleared(build, place):
    cluster = place(build.node("a"), build.node("b"))
    cluster.put(build.pod("x", on="a", cpu="4", priority=5), build.pod("y", on="b", cpu="4", priority=1))

    assert room_for(cluster, build.pod("vip", cpu="4", priority=10)).node == "b"


def test_equals_are_left_alone_and_that_is_said(build, place):
    cluster = place(build.node("a"), build.node("b", cordoned=True)).put(build.pod("x", on="a", cpu="4", priority=10))

    room = room_for(cluster, build.pod("vip", cpu="4", priority=10))

    assert not room.node
    assert room.why == (
        "0/2 nodes are available: 1 No preemption victims found for incoming pod, "
        "1 Preemption is not helpful for scheduling."
    )


def test_clearing_that_is_not_enough_is_not_done(build, place):
    cluster = place(build.node("a"))
    cluster.put(build.pod("x", on="a", cpu="1"), build.pod("y", on="a", cpu="3", priority=20))

    assert (
        room_for(cluster, build.pod("vip", cpu="2", priority=10)).why == "0/1 nodes are available: 1 Insufficient cpu."
    )


def test_a_pod_may_say_that_it_preempts_none(build, place):
    cluster = place(build.node("a")).put(build.pod("x", on="a", cpu="4"))

    room = room_for(cluster, build.pod("vip", cpu="2", priority=10, preemptionPolicy="Never"))

    assert room.why == "not eligible due to preemptionPolicy=Never."


@pytest.mark.parametrize(("priority", "cleared"), [(0, "a"), (20, "")])
def test_who_stands_in_the_way_by_anti_affinity_can_go_too(build, place, priority, cleared):
    other = {"app": "o"}
    cluster = place(build.node("a")).put(build.pod("x", on="a", labels=other, priority=priority))

    pod = build.pod("vip", priority=10, affinity=build.apart(build.term(other)))

    assert room_for(cluster, pod).node == cleared


def budget(labels, allowed, name="pdb", namespace="default", disrupted=()):
    status = {"disruptionsAllowed": allowed, "disruptedPods": dict.fromkeys(disrupted, "now")}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"selector": labels}, "status": status}


def test_budgets_that_select_nothing_protect_nothing():
    web = {"matchLabels": {"app": "web"}}

    (found,) = read_budgets([budget(web, 2, disrupted=["p"]), budget({}, 0), budget(None, 0)])

    assert (found.namespace, found.allowed, found.disrupted) == ("default", 2, {"p"})


def test_pods_whose_budget_allows_no_disruption_go_last(build, place):
    web = {"app": "web"}
    pods = [build.pod(f"w{i}", on="n", cpu="1", labels=web, priority=i) for i in range(2)]
    pods += [build.pod(f"x{i}", on="n", cpu="1", priority=5) for i in range(2)]
    cluster = place(build.node("n")).put(*pods)
    budgets = read_budgets([budget({"matchLabels": web}, 0)])

    assert sorted(victims(room_for(cluster, build.pod("vip", cpu="2", priority=10)))) == ["w0", "w1"]
    kept = room_for(cluster, build.pod("vip", cpu="2", priority=10), budgets=lambda: budgets)
    assert (sorted(victims(kept)), kept.violations) == (["x0", "x1"], 0)
    broken = room_for(cluster, build.pod("vip", cpu="3", priority=10), budgets=lambda: budgets)
    assert (len(broken.victims), broken.violations) == (3, 1)


def test_a_node_where_no_budget_is_broken_is_cleared_even_of_more_important_pods(build, place):
    web = {"app": "web"}
    cluster = place(build.node("a"), build.node("b"))
    cluster.put(build.pod("x", on="a", cpu="4", labels=web), build.pod("y", on="b", cpu="4", priority=9))
    budgets = read_budgets([budget({"matchLabels": web}, 0)])

    found = room_for(cluster, build.pod("vip", cpu="4", priority=10), budgets=lambda: budgets,
                     candidates=Candidates(0, 1))  # fmt: skip

    assert found.node == "b"


@pytest.mark.parametrize(
    ("one", "other", "chosen"),
    [
        ([(1, "")], [(2, "")], "one"),
        ([(2, ""), (1, "")], [(2, ""), (0, "")], "other"),
        ([(-5, ""), (-5, "")], [(-5, "")], "other"),
        ([(1, "2026-01-02")], [(1, "2026-01-01")], "one"),
        ([(1, "2026-01-01")], [(1, "2026-01-02")], "other"),
        ([(1, "2026-01-01")], [(1, "2026-01-01")], "one"),
    ],
)
def test_candidates_are_compared_as_upstream_compares_them(build, place, one, other, chosen):
    def room(name, pods):
        found = [
            place().read(build.pod(f"{name}{i}", priority=priority, status={"startTime": start} if start else {}))
            for i, (priority, start) in enumerate(pods)
        ]
        return PreemptionResult(name, tuple(found))

    assert best([room("one", one), room("other", other)]).node == chosen


def test_while_a_victim_is_terminating_no_other_goes_unless_the_node_will_not_do_any_more(build, place):
    ending = build.pod("x", on="a", cpu="4", status={"conditions": [
        {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]})  # fmt: skip
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cluster = place(build.node("a"), build.node("b")).put(ending, build.pod("y", on="b", cpu="4"))
    pod = build.pod("vip", cpu="4", priority=10, status={"nominatedNodeName": "a"})

    found = room_for(cluster, pod)
    assert (found.node, found.why, found.keeps) == (
        "", "not eligible due to a terminating pod on the nominated node.", True,
    )  # fmt: skip

    cluster.cluster.set_node(build.node("a", cordoned=True))
    assert room_for(cluster, pod).node == "b"


def test_room_that_was_made_for_another_is_no_room(build, place):
    cluster = place(build.node("a")).put(build.pod("x", on="a", cpu="4"))
    cluster.cluster.nominate(cluster.read(build.pod("first", cpu="3", priority=20)), "a")

    assert not room_for(cluster, build.pod("vip", cpu="2", priority=10)).node
    assert room_for(cluster, build.pod("vip", cpu="1", priority=10)).node == "a"
