from __future__ import annotations

from sampan.contracts.reconciling import Emit, Key, Patch, Remove, Requeue
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import LEASES, NODES, PODS
from sampan_nodes.lifecycle import (
    PodsByNode,
    decide_node,
    decide_pod,
    eviction_time,
    last_heard,
    no_node_of_lease,
    wanted_taints,
)
from sampan_testing.shelves import Shelf

NOW = 1_800_000_000.0
UNREACHABLE = "node.kubernetes.io/unreachable"


def node(ready="True", heard=0.0, **spec):
    condition = {"type": "Ready", "status": ready, "lastHeartbeatTime": now_text(NOW - heard)}
    metadata = {"name": "n", "creationTimestamp": now_text(NOW - 9999), "resourceVersion": "7"}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": [condition]}}


def lease(age):
    return {"metadata": {"name": "n", "namespace": "kube-node-lease"}, "spec": {"renewTime": now_text(NOW - age)}}


def pod(*tolerations, ready=None, age=100.0, **metadata):
    status = {} if ready is None else {"conditions": [{"type": "Ready", "status": ready}]}
    base = {"name": "p", "namespace": "a", "uid": "u", "creationTimestamp": now_text(NOW - age)}
    return {
        "metadata": {**base, **metadata},
        "spec": {"nodeName": "n", "tolerations": list(tolerations)},
        "status": status,
    }


def node_actions(*objects):
    return list(decide_node(Key("", "n"), Shelf(objects, now=NOW)))


def pod_actions(*objects):
    return list(decide_pod(Key("a", "p"), Shelf(objects, now=NOW)))


def no_execute(key=UNREACHABLE, since=0.0, **more):
    return {"key": key, "effect": "NoExecute", "timeAdded": now_text(NOW - since), **more}


def forgiving(seconds=None):
    base = {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"}
    return base if seconds is None else {**base, "tolerationSeconds": seconds}


def test_a_node_that_speaks_is_looked_at_again_when_its_time_is_up():
    (again,) = node_actions((NODES, node(heard=200)), (LEASES, lease(10)))

    assert isinstance(again, Requeue)
    assert 40 < again.after < 41


def test_a_silent_node_becomes_unknown_and_is_tainted():
    said, status, taints = node_actions((NODES, node(heard=60)), (LEASES, lease(60)))

    assert isinstance(said, Emit)
    assert said.reason == "NodeNotReady"
    assert status.subresource == "status"
    assert status.patch["status"]["conditions"][0]["status"] == "Unknown"
    assert [(t["key"], t["effect"]) for t in taints.patch["spec"]["taints"]] == [
        (UNREACHABLE, "NoExecute"),
        (UNREACHABLE, "NoSchedule"),
    ]
    assert taints.patch["metadata"]["resourceVersion"] == "7"


def test_a_node_that_is_unknown_and_tainted_is_left_alone():
    taints = [no_execute(), {"key": UNREACHABLE, "effect": "NoSchedule"}]

    assert node_actions((NODES, node("Unknown", heard=500, taints=taints))) == []


def test_a_node_that_came_back_loses_our_taints_and_keeps_others():
    theirs = {"key": "example.org/x", "effect": "NoExecute"}

    patch, *_ = [a for a in node_actions((NODES, node(taints=[no_execute(), theirs]))) if isinstance(a, Patch)]

    assert patch.patch["spec"]["taints"] == [theirs]


def test_states_call_for_taints():
    pressed = node(unschedulable=True)
    pressed["status"]["conditions"].append({"type": "DiskPressure", "status": "True"})

    assert wanted_taints(pressed, "True") == {
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    }
    assert {key for key, _ in wanted_taints(node(), "False")} == {"node.kubernetes.io/not-ready"}


def test_the_newest_sign_of_life_counts():
    assert last_heard(node(heard=30), lease(20)) == NOW - 20
    assert last_heard(node(heard=10), lease(20)) == NOW - 10
    assert last_heard(node(heard=10), None) == NOW - 10


def test_a_pod_without_patience_is_evicted_and_told_why():
    said, status, gone = pod_actions((NODES, node(taints=[no_execute()])), (PODS, pod()))

    assert said.reason == "TaintManagerEviction"
    assert status.patch["status"]["conditions"][0]["reason"] == "DeletionByTaintManager"
    assert gone == Remove(PODS, "p", "a", uid="u")


def test_a_patient_pod_goes_when_its_time_is_up():
    (again,) = pod_actions((NODES, node(taints=[no_execute(since=100)])), (PODS, pod(forgiving(300))))
    assert again == Requeue(200.0)

    late = pod_actions((NODES, node(taints=[no_execute(since=301)])), (PODS, pod(forgiving(300))))
    assert isinstance(late[-1], Remove)


def test_a_pod_that_tolerates_for_ever_and_one_that_goes_already_stay_untouched():
    tainted = (NODES, node(taints=[no_execute()]))

    assert pod_actions(tainted, (PODS, pod(forgiving()))) == []
    assert pod_actions(tainted, (PODS, pod(deletionTimestamp=now_text(NOW)))) == []


def test_pods_of_a_silent_node_are_not_ready():
    said, patch = pod_actions((NODES, node("Unknown", taints=[])), (PODS, pod(ready="True")))

    assert said.reason == "NodeNotReady"
    assert patch.patch["status"]["conditions"][0]["status"] == "False"
    assert pod_actions((NODES, node("Unknown")), (PODS, pod(ready="False"))) == []
    assert pod_actions((NODES, node("False")), (PODS, pod(ready="True"))) == []


def test_pods_of_a_node_that_is_gone_are_removed_after_a_while():
    assert pod_actions((PODS, pod(age=100))) == [Remove(PODS, "p", "a", uid="u", grace=0)]
    (again,) = pod_actions((PODS, pod(age=10)))
    assert isinstance(again, Requeue)


def test_the_shortest_patience_counts():
    patient = pod(forgiving(300), {"operator": "Exists", "tolerationSeconds": 100}, {"operator": "Exists"})

    assert eviction_time(patient, [no_execute(since=50)], NOW) == NOW + 50


def test_a_condition_without_type_or_status_disturbs_nothing():
    from sampan_machinery.metadata import get_condition
    from sampan_nodes.lifecycle import _unknown
    from sampan_nodes.nodes import _address, status_text

    node = {"status": {"conditions": [{"message": "?"}, {"type": "Ready"}], "addresses": [{}, {"type": "InternalIP"}]}}

    assert [each.get("status") for each in _unknown(node, 0.0)] == [None, "Unknown"]
    assert get_condition(node["status"], "Ready") == {"type": "Ready"}
    assert (status_text(node), _address("InternalIP")(node)) == ("NotReady", "<none>")


FAILED = {"key": UNREACHABLE, "effect": "NoExecute"}


def placed(name, on=""):
    return {"metadata": {"name": name, "namespace": "a", "uid": name}, "spec": {"nodeName": on} if on else {}}


def test_a_node_that_fails_concerns_the_pods_on_it_alone():
    pods, shelf = PodsByNode(), Shelf([(NODES, node(taints=[FAILED]))])
    for each in (placed("here", "n"), placed("there", "m"), placed("nowhere")):
        shelf.put(PODS, each)
        assert pods.of_pod(each, shelf) == (Key("a", each["metadata"]["name"]),)

    assert pods.of_node(node(taints=[FAILED]), shelf) == [Key("a", "here")]


def test_pods_that_come_to_a_node_and_go_are_followed():
    pods, shelf = PodsByNode(), Shelf([(NODES, node(taints=[FAILED]))])
    before, after = placed("p"), placed("p", "n")
    shelf.put(PODS, after)
    for each in (before, after):  # as of one change
        pods.of_pod(each, shelf)
    assert pods.of_node(node(), shelf) == [Key("a", "p")]

    shelf.drop(PODS, "p", "a")
    pods.of_pod(after, shelf)

    assert pods.of_node(node(), shelf) == []


def test_a_heartbeat_of_a_node_without_a_taint_that_evicts_concerns_no_pod():
    pods, shelf = PodsByNode(), Shelf([(NODES, node()), (PODS, placed("p", "n"))])
    pods.of_pod(placed("p", "n"), shelf)

    assert not pods.of_node(node(), shelf)
    assert pods.of_node(node(taints=[FAILED]), shelf) == [Key("a", "p")]


def test_a_renewed_lease_is_no_reason_to_decide_but_is_read_when_the_silence_is_judged():
    shelf = Shelf([(NODES, node(heard=49.0)), (LEASES, lease(49.0))], now=NOW)
    assert not no_node_of_lease(lease(0.0), shelf)
    (wakes,) = decide_node(Key("", "n"), shelf)
    assert 0 < wakes.after < 2

    shelf.put(LEASES, lease(1.0))

    (later,) = decide_node(Key("", "n"), shelf)
    assert 49 < later.after < 50


def test_a_node_whose_lease_comes_back_is_decided_again_when_it_says_that_it_is_ready():
    shelf = Shelf([(NODES, node("Unknown", heard=99.0, taints=[FAILED, {**FAILED, "effect": "NoSchedule"}])),
                   (LEASES, lease(1.0))], now=NOW)  # fmt: skip
    assert [type(each) for each in decide_node(Key("", "n"), shelf)] == [Requeue]

    shelf.put(NODES, node("True", taints=[FAILED, {**FAILED, "effect": "NoSchedule"}]))

    requeue, patch = decide_node(Key("", "n"), shelf)
    assert isinstance(requeue, Requeue)
    assert patch.patch["spec"]["taints"] == []
