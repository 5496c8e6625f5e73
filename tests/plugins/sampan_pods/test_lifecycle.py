from __future__ import annotations

import pytest

from sampan.contracts.kinds import Deletion, Resource
from sampan.errors import Invalid, NotFound
from sampan_pods.lifecycle import grace

PODS = Resource("", "v1", "pods", "Pod")


def test_a_new_pod_is_pending_whatever_its_creator_says(client):
    body = {"metadata": {"name": "web", "generation": 100}, "status": {"phase": "Running"}}
    spec = {"containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "1"}}}]}

    pod = client.create(PODS, {"apiVersion": "v1", "kind": "Pod", **body, "spec": spec}, "default")

    assert pod["status"] == {"phase": "Pending", "qosClass": "Burstable"}
    assert pod["metadata"]["generation"] == 1


def test_a_status_write_keeps_the_class_of_service_and_the_spec(client, make):
    pod = make()
    pod["status"] = {"phase": "Running", "message": "hello"}
    pod["spec"]["nodeName"] = "elsewhere"

    client.update(PODS, pod, subresource="status")

    found = client.get(PODS, "web", "default")
    assert found["status"] == {"phase": "Running", "message": "hello", "qosClass": "BestEffort"}
    assert "nodeName" not in found["spec"]
    assert found["metadata"]["generation"] == 1


def test_conditions_are_merged_by_type(client, make):
    make()
    for kind in ("Ready", "Initialized", "Ready"):
        patch = {"status": {"conditions": [{"type": kind, "status": "False"}]}}
        client.patch(PODS, "web", patch, "default", how="strategic", subresource="status")

    conditions = client.get(PODS, "web", "default")["status"]["conditions"]
    assert sorted(condition["type"] for condition in conditions) == ["Initialized", "Ready"]


def test_an_image_may_change_and_a_command_may_not(client, make):
    pod = make()
    pod["spec"]["containers"][0]["image"] = "busybox:2"
    pod = client.update(PODS, pod)
    assert pod["metadata"]["generation"] == 2

    pod["spec"]["containers"][0]["command"] = ["sh"]
    with pytest.raises(Invalid, match="pod updates may not change fields other than"):
        client.update(PODS, pod)


def test_every_change_of_the_spec_counts_in_the_generation_and_nothing_else_does(client):
    """As upstream's suite does it, tolerations replaced as a whole among them."""
    spec = {"initContainers": [{"name": "i", "image": "x"}], "containers": [{"name": "c", "image": "x"}]}
    client.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}, "default")
    toleration = {"key": "foo", "operator": "Equal", "value": "bar", "effect": "NoSchedule"}
    steps = [
        (lambda pod: None, False),
        (lambda pod: pod["spec"].update(tolerations=[toleration]), True),
        (lambda pod: pod["spec"].update(tolerations=[toleration]), False),
        (lambda pod: pod["spec"].update(activeDeadlineSeconds=5000), True),
        (lambda pod: pod["spec"].update(activeDeadlineSeconds=4999), True),
        (lambda pod: pod["spec"]["containers"][0].update(image="y"), True),
        (lambda pod: pod["spec"]["initContainers"][0].update(image="y"), True),
        (lambda pod: pod["metadata"].update(annotations={"key": "value"}), False),
        (lambda pod: pod["metadata"].update(generation=1), False),
    ]
    wanted = 1
    for change, counts in steps:
        pod = client.get(PODS, "web", "default")
        change(pod)

        client.update(PODS, pod)

        wanted += counts
        found = client.get(PODS, "web", "default")
        assert found["metadata"]["generation"] == wanted
    assert [one["key"] for one in found["spec"]["tolerations"]] == [
        "foo", "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
    ]  # fmt: skip


def test_a_status_write_that_leaves_the_observed_generation_out_keeps_it(client, make):
    pod = make()
    ready = {"type": "Ready", "status": "True", "observedGeneration": 1}
    pod["status"] = {"phase": "Running", "observedGeneration": 1, "conditions": [ready]}
    client.update(PODS, pod, subresource="status")

    pod = client.get(PODS, "web", "default")
    pod["status"] = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False"}, {"type": "X", "status": "True"}],
    }
    found = client.update(PODS, pod, subresource="status")["status"]

    assert found["observedGeneration"] == 1
    assert [one.get("observedGeneration") for one in found["conditions"]] == [1, None]


@pytest.mark.parametrize("change", [{"nodeName": "n1"}, {"ephemeralContainers": [{"name": "e", "image": "x"}]}])
def test_what_subresources_write_cannot_be_written_beside_them(client, make, change):
    pod = make()
    pod["spec"].update(change)

    with pytest.raises(Invalid, match="pod updates may not change"):
        client.update(PODS, pod)


def test_a_scheduled_pod_is_deleted_with_grace_and_then_at_once(client, make):
    make(nodeName="n1", terminationGracePeriodSeconds=7)

    client.delete(PODS, "web", "default")

    pod = client.get(PODS, "web", "default")
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 7
    assert pod["metadata"]["generation"] == 2
    client.delete(PODS, "web", "default", grace=0)
    with pytest.raises(NotFound):
        client.get(PODS, "web", "default")


def test_an_unscheduled_pod_goes_at_once(client, make):
    make()
    client.delete(PODS, "web", "default")

    with pytest.raises(NotFound):
        client.get(PODS, "web", "default")


@pytest.mark.parametrize(
    ("spec", "phase", "requested", "seconds"),
    [
        ({}, "Running", None, 0),
        ({"nodeName": "n"}, "Running", None, 30),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 0}, "Running", None, 0),
        ({"nodeName": "n"}, "Running", -5, 1),
        ({"nodeName": "n"}, "Succeeded", 20, 0),
    ],
)
def test_grace_is_asked_or_the_pods_own(spec, phase, requested, seconds):
    assert grace(Deletion({"spec": spec, "status": {"phase": phase}}, requested)) == seconds
