from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import BadRequest, Conflict, Invalid, NotFound

PODS = Resource("", "v1", "pods", "Pod")


def bind(client, name="web", node="n1", **metadata):
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, **metadata}, "target": {"name": node}}
    return client.create(PODS, body, "default", name=name, subresource="binding")


def evict(client, name="web", **options):
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": options}
    return client.create(PODS, body, "default", name=name, subresource="eviction")


def test_a_bound_pod_has_its_node_and_a_condition(client, make):
    make()

    assert bind(client, annotations={"why": "because"})["status"] == "Success"

    pod = client.get(PODS, "web", "default")
    assert pod["spec"]["nodeName"] == "n1"
    assert pod["metadata"]["annotations"] == {"why": "because"}
    assert [(c["type"], c["status"]) for c in pod["status"]["conditions"]] == [("PodScheduled", "True")]


def test_binding_does_not_count_as_a_new_generation(client, make):
    make()
    bind(client)

    assert client.get(PODS, "web", "default")["metadata"]["generation"] == 1


def test_a_pod_is_bound_once(client, make):
    make()
    bind(client)

    with pytest.raises(Conflict, match='pod web is already assigned to node "n1"'):
        bind(client, node="n2")


def test_a_gated_pod_and_another_uid_are_refused(client, make):
    make(schedulingGates=[{"name": "example.com/wait"}])

    with pytest.raises(Conflict, match=r"non-empty \.spec\.schedulingGates"):
        bind(client)
    with pytest.raises(Conflict, match="UID in precondition: other"):
        bind(client, uid="other")


def test_a_binding_without_a_node_is_invalid(client, make):
    make()

    with pytest.raises(Invalid, match=r"target.name: Required value"):
        bind(client, node="")
    with pytest.raises(NotFound):
        bind(client, name="ghost")


def test_an_evicted_pod_says_why_it_ends(client, make):
    make(nodeName="n1")

    assert evict(client)["status"] == "Success"

    pod = client.get(PODS, "web", "default")
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 30
    assert ("DisruptionTarget", "EvictionByEvictionAPI") in [
        (c["type"], c.get("reason")) for c in pod["status"]["conditions"]
    ]
    assert [c["observedGeneration"] for c in pod["status"]["conditions"] if c["type"] == "DisruptionTarget"] == [1]


def test_an_eviction_may_be_a_rehearsal(client, make):
    make(nodeName="n1")

    evict(client, dryRun=["All"])

    assert "deletionTimestamp" not in client.get(PODS, "web", "default")["metadata"]


def test_an_eviction_of_another_pod_than_named_is_refused(client, make):
    make(nodeName="n1")
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "other"}}

    with pytest.raises(BadRequest):
        client.create(PODS, body, "default", name="web", subresource="eviction")
    with pytest.raises(Conflict):
        evict(client, preconditions={"uid": "other"})
