from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import BadRequest, Conflict, Invalid, NotFound

PODS = Resource("", "v1", "pods", "Pod")


def bind(client, name="web", node="n1", **metadata):
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, **metadata}, "target": {"name": node}}
    return client.create(PODS, body, "default", name=name, subresource="binding")


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


def test_who_binds_a_pod_has_none_of_its_fields(client, make):
    before = make()
    bind(client, annotations={"why": "because"})

    assert client.get(PODS, "web", "default")["metadata"]["managedFields"] == before["metadata"]["managedFields"]


def test_a_binding_is_no_object_of_another_kind(client, make):
    make()
    for kind in ({"kind": "Pod"}, {"apiVersion": "policy/v1"}):
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web"}, "target": {"name": "n1"}, **kind}
        with pytest.raises(BadRequest, match="cannot be handled as a Binding"):
            client.create(PODS, body, "default", name="web", subresource="binding")
