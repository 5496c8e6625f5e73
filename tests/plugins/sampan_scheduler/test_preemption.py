import pytest

from sampan_scheduler.preemption import make_room


def room_for(place, pod):
    info = place.read(pod)
    outcome = place.cycle.decide(info)
    assert not outcome.decision.node
    before = {name: dict(node.used) for name, node in place.cluster.by_name.items()}
    room = make_room(info, place.cluster, outcome.refused, lambda pod, node: place.cycle.fits(pod, node, {}))
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
