from __future__ import annotations

from sampan.errors import Forbidden
from sampan_machinery.resources import DAEMON_SETS, NODES, PODS

NO_SCHEDULE = {"key": "k", "effect": "NoSchedule"}
NO_EXECUTE = {"key": "k", "effect": "NoExecute"}


def test_each_node_gets_one_pod_for_it_alone(simulated):
    agents = simulated()
    agents.step()

    pod = agents.pods()[0]
    required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert agents.nodes() == ["n0", "n1"]
    assert required["nodeSelectorTerms"] == [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n0"]}]}
    ]
    assert pod["metadata"]["labels"]["pod-template-generation"] == "1"
    assert f"agent-{pod['metadata']['labels']['controller-revision-hash']}" in agents.revisions()
    agents.settle()
    assert agents.nodes() == ["n0", "n1"]


def test_labels_and_taints_of_nodes_are_followed(simulated):
    agents = simulated(pod={"nodeSelector": {"pool": "a"}})
    agents.settle()
    assert agents.nodes() == []

    agents.change_node("n0", {"pool": "a"})
    agents.settle()
    assert agents.nodes() == ["n0"]

    agents.change_node("n0", {"pool": "a"}, [NO_SCHEDULE])
    agents.settle()
    assert agents.nodes() == ["n0"]
    assert (agents.status()["desiredNumberScheduled"], agents.status()["numberMisscheduled"]) == (0, 1)

    agents.change_node("n0", {"pool": "a"}, [NO_EXECUTE])
    agents.settle()
    assert agents.nodes() == []


def test_a_pod_that_has_ended_is_replaced_and_one_that_keeps_failing_later(simulated):
    agents = simulated(nodes=1)
    agents.settle()
    first = agents.pods()[0]

    agents.ready(first, value="False", phase="Failed")
    agents.settle()
    second = agents.pods()[0]
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert ("FailedDaemonPod" in [reason for reason, _ in agents.world.events]) is True

    agents.ready(second, value="False", phase="Failed")
    agents.step()
    assert agents.pods()[0]["metadata"]["uid"] == second["metadata"]["uid"]
    assert agents.world.wakes[-1] == agents.world.now + 1

    agents.world.now += 1
    agents.settle()
    agents.ready(agents.pods()[0], value="False", phase="Succeeded")
    agents.settle()
    assert agents.pods()[0]["status"]["phase"] == "Running"


def test_the_youngest_of_two_pods_on_a_node_goes(simulated):
    agents = simulated(nodes=1)
    agents.settle()
    first = agents.pods()[0]
    agents.world.now += 60
    metadata = {**first["metadata"], "name": "agent-extra"}
    agents.world.create(PODS, {**first, "metadata": metadata})

    agents.settle()

    assert [pod["metadata"]["name"] for pod in agents.pods()] == [first["metadata"]["name"]]


def test_a_pod_for_a_node_that_is_gone_goes_unless_it_is_there(simulated):
    agents = simulated()
    agents.settle()
    lost = agents.pods()[0]
    agents.world.update(PODS, {**lost, "spec": {**lost["spec"], "nodeName": ""}})
    for node in ("n0", "n1"):
        agents.world.remove(NODES, node)

    agents.settle()

    assert agents.nodes() == ["n1"]


def test_an_update_replaces_one_node_at_a_time(simulated):
    agents = simulated(nodes=3)
    agents.settle()
    agents.change("v2")

    agents.step()
    assert agents.images() == [("n1", "v1"), ("n2", "v1")]
    agents.step()
    agents.step()
    assert agents.images() == [("n0", "v2"), ("n1", "v1"), ("n2", "v1")]

    agents.settle()
    assert agents.images() == [("n0", "v2"), ("n1", "v2"), ("n2", "v2")]
    assert agents.status()["updatedNumberScheduled"] == 3
    assert sorted(agents.revisions().values()) == [1, 2]


def test_pods_that_are_not_available_are_replaced_at_once(simulated):
    agents = simulated(nodes=3)
    agents.settle()
    agents.ready(*agents.pods()[:2], value="False")
    agents.change("v2")

    agents.step()

    assert agents.images() == [("n2", "v1")]


def test_an_update_may_surge(simulated):
    agents = simulated(
        nodes=2, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    )
    agents.settle()
    agents.change("v2")

    agents.step()
    assert agents.images() == [("n0", "v1"), ("n0", "v2"), ("n1", "v1")]
    agents.step()
    assert len(agents.pods()) == 3
    agents.ready(*agents.pending())
    agents.step()
    assert agents.images() == [("n0", "v2"), ("n1", "v1")]

    agents.settle()
    assert agents.images() == [("n0", "v2"), ("n1", "v2")]


def test_on_delete_waits_for_the_user(simulated):
    agents = simulated(updateStrategy={"type": "OnDelete"})
    agents.settle()
    agents.change("v2")
    agents.settle()
    assert agents.images() == [("n0", "v1"), ("n1", "v1")]

    agents.world.remove(PODS, agents.pods()[0]["metadata"]["name"], "default")
    agents.settle()

    assert agents.images() == [("n0", "v2"), ("n1", "v1")]


def test_rolling_back_keeps_the_pods_that_match_already(simulated):
    agents = simulated(nodes=3)
    agents.settle()
    agents.change("broken")
    for _ in range(3):
        agents.step()
    kept = [pod["metadata"]["uid"] for pod in agents.pods() if pod["spec"]["containers"][0]["image"] == "v1"]
    assert len(kept) == 2

    agents.change("v1")
    agents.settle()

    assert set(kept) <= {pod["metadata"]["uid"] for pod in agents.pods()}
    assert [image for _, image in agents.images()] == ["v1"] * 3
    assert sorted(agents.revisions().values()) == [2, 3]


def test_a_refused_pod_is_told_and_the_status_is_written_all_the_same(simulated):
    agents = simulated()
    agents.world.refuse = lambda action: Forbidden("quota") if getattr(action, "resource", None) == PODS else None

    assert isinstance(agents.step(), Forbidden)

    assert agents.status() == {
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 2, "numberReady": 0,
        "numberUnavailable": 2, "observedGeneration": 1,
    }  # fmt: skip


def test_a_set_that_is_deleted_makes_nothing(simulated):
    agents = simulated()
    owner = agents.owner()
    metadata = {**owner["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    agents.world.update(DAEMON_SETS, {**owner, "metadata": metadata})

    agents.step()

    assert (agents.nodes(), agents.revisions()) == ([], {})


def test_pods_are_available_after_min_ready_seconds(simulated):
    agents = simulated(nodes=1, minReadySeconds=10)
    agents.step()
    agents.ready(*agents.pods())
    agents.step()
    assert (agents.status()["numberReady"], agents.status()["numberUnavailable"]) == (1, 1)
    assert agents.world.wakes[-1] == agents.world.now + 10

    agents.world.now += 10
    agents.step()

    assert agents.status()["numberAvailable"] == 1
