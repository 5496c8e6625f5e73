"""The kind and the rule in the real API server, in process, beside real pods."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import Forbidden, Invalid
from sampan_machinery.resources import PRIORITY_CLASSES as CLASSES
from sampan_testing.cluster import start

PODS = Resource("", "v1", "pods", "Pod")


@pytest.fixture
def client():
    with start(only=("pods", "priority"), control=False) as cluster:
        yield cluster.client


def pod(**spec):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "x"}], **spec}}


def test_the_system_classes_are_there(client):
    found = {one["metadata"]["name"]: one["value"] for one in client.list(CLASSES).items}

    assert found == {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def test_a_pod_keeps_its_number_through_updates_and_the_end_of_its_class(client):
    client.create(CLASSES, {"metadata": {"name": "high"}, "value": 1000})
    made = client.create(PODS, pod(priorityClassName="high"), "default")
    assert (made["spec"]["priority"], made["spec"]["preemptionPolicy"]) == (1000, "PreemptLowerPriority")

    client.delete(CLASSES, "high")
    patched = client.patch(PODS, "web", {"metadata": {"labels": {"a": "b"}}}, "default")

    assert patched["spec"]["priority"] == 1000
    with pytest.raises(Forbidden, match="no PriorityClass with name high was found"):
        client.create(PODS, pod(priorityClassName="high"), "other")


def test_a_value_never_changes_but_a_description_may(client):
    client.create(CLASSES, {"metadata": {"name": "high"}, "value": 1000})

    assert client.patch(CLASSES, "high", {"description": "new"})["description"] == "new"
    with pytest.raises(Invalid, match="may not be changed in an update"):
        client.patch(CLASSES, "high", {"value": 5})


def test_a_pod_without_a_spec_is_told_so(client):
    with pytest.raises(Invalid, match="spec"):
        client.create(PODS, {"metadata": {"name": "web"}}, "default")
