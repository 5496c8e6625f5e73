"""The agent of all hollow nodes, in a cluster whose clock is moved."""

from __future__ import annotations

import pytest

from sampan.errors import NotFound
from sampan_hollow import component
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS, JOBS, LEASES, NODES, PODS
from sampan_testing.cluster import start

LOST = {"metadata": {"annotations": {"hollow.sampan.dev/lost": "true"}}}
SETTINGS = {"hollow": {"nodes": 3, "name": "sim", "stages_of_cluster": True}}
STAGES_CRD = {
    "metadata": {"name": "stages.kwok.x-k8s.io"},
    "spec": {
        "group": "kwok.x-k8s.io", "scope": "Cluster", "names": {"kind": "Stage", "plural": "stages"},
        "versions": [{
            "name": "v1alpha1", "served": True, "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        }],
    },
}  # fmt: skip


@pytest.fixture
def cluster():
    with start(settings=SETTINGS, travel=True) as running:
        yield running


def pod(name, annotations=None, labels=None, **spec):
    return {
        "metadata": {"name": name, "annotations": annotations, "labels": labels},
        "spec": {"nodeName": "sim-1", "containers": [{"name": "main", "image": "x"}], **spec},
    }


def phase(cluster, name):
    return cluster.client.get(PODS, name, "default")["status"]["phase"]


def test_nodes_are_registered_with_leases_that_are_renewed(cluster):
    names = {node["metadata"]["name"] for node in cluster.client.list(NODES).items}
    before = cluster.client.get(LEASES, "sim-2", "kube-node-lease")["spec"]["renewTime"]

    cluster.clock.advance(60)

    assert names == {"sim-1", "sim-2", "sim-3"}
    assert cluster.client.get(LEASES, "sim-2", "kube-node-lease")["spec"]["renewTime"] > before


def test_a_pod_runs_after_its_delay_and_with_an_address_of_its_own(cluster):
    cluster.client.create(PODS, pod("now"), "default")
    cluster.client.create(PODS, pod("later", {"pod-runs.hollow.sampan.dev/delay": "30s"}), "default")
    cluster.engine.settle()
    assert (phase(cluster, "now"), phase(cluster, "later")) == ("Running", "Pending")

    cluster.clock.advance(31)

    first, second = (cluster.client.get(PODS, name, "default")["status"]["podIP"] for name in ("now", "later"))
    assert phase(cluster, "later") == "Running"
    assert first != second


def test_a_pod_with_the_label_fails_and_one_of_a_job_completes(cluster):
    cluster.client.create(PODS, pod("bad", labels={"pod-fails.hollow.sampan.dev": "true"}), "default")
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x"}]}
    cluster.client.create(JOBS, {"metadata": {"name": "j"}, "spec": {"template": {"spec": spec}}}, "default")

    cluster.clock.advance(5)

    assert phase(cluster, "bad") == "Failed"
    assert cluster.client.get(JOBS, "j", "default")["status"]["succeeded"] == 1


def test_the_pause_container_never_completes(cluster):
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "registry.test/pause:3.10"}]}
    cluster.client.create(JOBS, {"metadata": {"name": "j"}, "spec": {"template": {"spec": spec}}}, "default")

    cluster.clock.advance(60)
    assert cluster.client.get(JOBS, "j", "default")["status"]["active"] == 1


def test_a_change_of_the_spec_is_seen_and_a_deadline_kept(cluster):
    cluster.client.create(PODS, pod("a", activeDeadlineSeconds=5000), "default")
    cluster.engine.settle()
    status = cluster.client.get(PODS, "a", "default")["status"]
    assert {status["observedGeneration"], *(each["observedGeneration"] for each in status["conditions"][:4])} == {1}

    cluster.client.patch(PODS, "a", {"spec": {"activeDeadlineSeconds": 5}}, "default")
    cluster.engine.settle()
    status = cluster.client.get(PODS, "a", "default")["status"]
    assert (status["observedGeneration"], status["phase"]) == (2, "Running")
    cluster.clock.advance(6)
    status = cluster.client.get(PODS, "a", "default")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_deleted_pod_goes_and_one_on_a_lost_node_stays(cluster):
    cluster.client.create(PODS, pod("a"), "default")
    cluster.client.create(PODS, pod("b"), "default")
    cluster.engine.settle()
    cluster.client.delete(PODS, "a", "default")
    cluster.engine.settle()
    with pytest.raises(NotFound):
        cluster.client.get(PODS, "a", "default")

    cluster.client.patch(NODES, "sim-1", LOST)
    cluster.client.delete(PODS, "b", "default")
    cluster.clock.advance(40)
    assert cluster.client.get(PODS, "b", "default")["metadata"]["deletionTimestamp"]

    cluster.client.patch(NODES, "sim-1", {"metadata": {"annotations": {"hollow.sampan.dev/lost": None}}})
    cluster.engine.settle()
    with pytest.raises(NotFound):
        cluster.client.get(PODS, "b", "default")


def test_pods_are_ready_again_when_their_node_is_back(cluster):
    def ready():
        conditions = cluster.client.get(PODS, "a", "default")["status"]["conditions"]
        return next((each["status"] for each in conditions if each["type"] == "Ready"), "")

    def is_not_ready():
        cluster.clock.advance(100)  # again where the node had not noticed yet that it is lost
        return ready() == "False"

    cluster.client.create(PODS, pod("a"), "default")
    cluster.until(lambda: ready() == "True")  # before its node is lost: a lost one starts no pods
    cluster.client.patch(NODES, "sim-1", LOST)
    cluster.until(is_not_ready)

    cluster.client.patch(NODES, "sim-1", {"metadata": {"annotations": {"hollow.sampan.dev/lost": None}}})
    cluster.clock.advance(1)
    cluster.until(lambda: ready() == "True")


def test_stages_in_the_cluster_replace_ours_kind_by_kind(cluster):
    cluster.client.create(CUSTOM_RESOURCE_DEFINITIONS, STAGES_CRD)
    stage = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": "s"},
        "spec": {
            "resourceRef": {"kind": "Pod"}, "selector": {"matchExpressions": [
                {"key": ".status.phase", "operator": "In", "values": ["Pending"]},
            ]},
            "next": {"statusTemplate": "phase: Unknown"},
        },
    }  # fmt: skip
    served = cluster.until(lambda: cluster.app.registry.by_kind("kwok.x-k8s.io", "v1alpha1", "Stage"))
    cluster.client.create(served.resource, stage)
    cluster.clock.advance(30)

    cluster.client.create(PODS, pod("a"), "default")
    cluster.engine.settle()

    assert phase(cluster, "a") == "Unknown"


def test_a_node_of_another_client_becomes_ready_and_has_what_a_node_has(cluster):
    fresh = {"metadata": {"name": "mine", "annotations": {"kwok.x-k8s.io/node": "fake"}}}
    cluster.client.create(NODES, fresh)
    cluster.engine.settle()

    status = cluster.client.get(NODES, "mine")["status"]
    assert {each["type"] for each in status["conditions"] if each["status"] == "True"} == {"Ready"}
    assert status["allocatable"]["pods"] == "110"
    assert status["nodeInfo"]["kubeletVersion"].startswith("v1.")
    assert status["addresses"][0]["address"].startswith("127.")


def test_nodes_that_are_too_many_are_removed_at_the_next_start(cluster):
    extra = cluster.client.get(NODES, "sim-3")
    metadata = {"name": "sim-9", "labels": extra["metadata"]["labels"], "annotations": extra["metadata"]["annotations"]}
    cluster.client.create(NODES, {"metadata": metadata, "status": extra["status"]})
    cluster.engine.settle()

    cluster.engine.restart("hollow")
    cluster.engine.settle()

    assert {node["metadata"]["name"] for node in cluster.client.list(NODES).items} == {"sim-1", "sim-2", "sim-3"}


def test_nodes_name_the_port_at_which_they_are_served_after_a_restart(cluster, monkeypatch):
    made = component._machine
    monkeypatch.setattr(component, "_machine", lambda *facts: made(*facts[:4], 4321))

    cluster.engine.restart("hollow")
    cluster.engine.settle()

    ports = [node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] for node in cluster.client.list(NODES).items]
    assert ports == [4321, 4321, 4321]
