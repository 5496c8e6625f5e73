from __future__ import annotations

import pytest
from fleets import fleet_of

from sampan_federation.parts import WORKING
from sampan_federation.resources import CLUSTERS, RESOURCE_BINDINGS, SERVICE_EXPORTS, SERVICE_IMPORTS
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import ENDPOINT_SLICES, SERVICES


@pytest.fixture(scope="module")
def fleet():
    with fleet_of({"east": ("r1", "z1"), "west": ("r2", "z1")}, makers=WORKING) as found:
        condition = {
            "type": "Ready", "status": "True", "reason": "x", "message": "x",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        for name in ("east", "west"):
            found.client.patch(CLUSTERS, name, {"status": {"conditions": [condition]}}, subresource="status")
        found.settle()
        yield found


def propagate(fleet, resource, obj, cluster):
    made = fleet.client.create(resource, obj, "default")
    reference = {
        "apiVersion": resource.api_version, "kind": resource.kind, "namespace": "default",
        "name": obj["metadata"]["name"], "uid": made["metadata"]["uid"],
    }  # fmt: skip
    metadata = {"name": f"{obj['metadata']['name']}-{resource.kind.lower()}"}
    spec = {"resource": reference, "clusters": [{"name": cluster}]}
    fleet.client.create(RESOURCE_BINDINGS, {"metadata": metadata, "spec": spec}, "default")
    fleet.settle()


def slice_(*addresses):
    return {
        "metadata": {"name": "web-x", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [each], "conditions": {"ready": True}} for each in addresses],
    }  # fmt: skip


def addresses(fleet):
    found = fleet.members["west"].client.list(
        ENDPOINT_SLICES, "default", labels="kubernetes.io/service-name=derived-web"
    )
    return [each["addresses"] for slice_ in found.items for each in slice_["endpoints"]]


def test_what_one_member_exports_is_a_service_of_another(fleet):
    fleet.members["east"].client.create(ENDPOINT_SLICES, slice_("10.1.0.1"))
    propagate(fleet, SERVICE_EXPORTS, {"metadata": {"name": "web"}}, "east")
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    propagate(
        fleet, SERVICE_IMPORTS, {"metadata": {"name": "web"}, "spec": {"type": "ClusterSetIP", "ports": ports}}, "west"
    )

    fleet.settle()

    service = fleet.members["west"].client.get(SERVICES, "derived-web", "default")
    assert service["spec"]["ports"][0]["port"] == 80 and "selector" not in service["spec"]
    assert addresses(fleet) == [["10.1.0.1"]]
    shown = fleet.client.get(SERVICE_IMPORTS, "web", "default")["status"]
    assert shown["clusters"] == [{"cluster": "east"}]
    assert condition_is(fleet.client.get(SERVICE_EXPORTS, "web", "default")["status"], "Valid")


def test_endpoints_follow_and_stay_while_the_exporter_does_not_answer(fleet):
    member = fleet.members["east"].client
    more = {"endpoints": slice_("10.1.0.1", "10.1.0.2")["endpoints"]}
    member.patch(ENDPOINT_SLICES, "web-x", more, "default")
    fleet.settle()
    assert addresses(fleet) == [["10.1.0.1"], ["10.1.0.2"]]

    fleet.cut("east")
    fleet.advance(60)

    assert addresses(fleet) == [["10.1.0.1"], ["10.1.0.2"]]
    fleet.heal("east")
    fleet.advance(60)


def test_without_the_export_the_endpoints_go_and_without_the_import_the_service(fleet):
    fleet.client.delete(RESOURCE_BINDINGS, "web-serviceexport", "default")
    fleet.settle()
    assert addresses(fleet) == []

    fleet.client.delete(RESOURCE_BINDINGS, "web-serviceimport", "default")
    fleet.settle()

    found = fleet.members["west"].client.list(SERVICES, "default").items
    assert not [each for each in found if each["metadata"]["name"] == "derived-web"]
