from __future__ import annotations

from sampan_dashboard import overview
from sampan_dashboard.overview import Sums


def node(name, cpu="4", memory="8Gi"):
    return {
        "kind": "Node", "metadata": {"name": name},
        "status": {"allocatable": {"cpu": cpu, "memory": memory, "pods": "110"},
                   "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip


def pod(name, on="node-1", cpu="500m", phase="Running", waiting=""):
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": on, "containers": [{"resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": "True"}],
                   "containerStatuses": [{"name": "m", "state": state}]},
    }  # fmt: skip


def test_what_pods_ask_for_is_counted_on_their_nodes():
    sums = Sums()
    sums.add_node(node("node-1"))
    sums.add_node(node("node-2"))
    for each in (pod("a"), pod("b"), pod("c", on="node-2"), pod("d", phase="Succeeded"), pod("e", on="gone")):
        sums.add_pod(each)

    cpu, memory, pods = sums.meters()

    assert (cpu.asked, cpu.have, cpu.asked_percent, cpu.used) == ("1.5", "8", 19, "")
    assert (memory.asked, memory.have) == ("3.0 GiB", "16.0 GiB")
    assert (pods.asked, pods.have) == ("3", "220")
    assert (sums.pods, sums.phases) == (5, {"Running": 4, "Succeeded": 1})
    assert sums.meters_of(sums.nodes["node-2"])[0].asked == "0.5"


def test_what_is_used_is_shown_where_it_is_known_of_all():
    sums = Sums()
    sums.add_node(node("node-1"))
    sums.add_usage(
        [{"metadata": {"name": "node-1"}, "usage": {"cpu": "2", "memory": "4Gi"}}, {"metadata": {"name": "x"}}]
    )

    cpu, memory, pods = sums.meters()

    assert (cpu.used, cpu.used_percent, memory.used, pods.used) == ("2", 50, "4.0 GiB", "")
    sums.add_node(node("node-2"))
    assert sums.meters()[0].used == ""


def test_pods_that_are_not_well_are_named():
    sums = Sums()
    sums.add_pod(pod("a", waiting="CrashLoopBackOff"))
    sums.add_pod(pod("b"))

    assert [(each.name, each.health.words) for each in sums.sick_pods] == [("a", "CrashLoopBackOff")]


def test_the_worst_workloads_come_first():
    def deployment(name, have):
        return {"kind": "Deployment", "metadata": {"name": name, "namespace": "x"}, "spec": {"replicas": 2},
                "status": {"availableReplicas": have}}  # fmt: skip

    objects = [(deployment(name, have), "deployments.apps") for name, have in (("a", 1), ("b", 0), ("c", 2))]
    job = {"kind": "Job", "metadata": {"name": "j"}, "status": {}}

    assert [each.name for each in overview.sick([*objects, (job, "jobs.batch")])] == ["b", "a"]


def test_odd_amounts_count_as_nothing():
    assert overview.amount("much") == 0
    assert overview.amount(None) == 0
    assert overview.percent(1, 0) == 0
    assert overview.percent(5, 1) == 100
    assert overview.shown("cpu", 0) == "0"
