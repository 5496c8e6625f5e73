from __future__ import annotations

import pytest
from fleets import fleet_of

from sampan.errors import NotFound
from sampan_federation.resources import MULTI_CLUSTER_SERVICES, PROPAGATION_POLICIES, RESOURCE_BINDINGS
from sampan_machinery.metadata import condition_is, get_condition
from sampan_machinery.resources import ENDPOINT_SLICES, SERVICES

NAME = "kubernetes.io/service-name"


@pytest.fixture(scope="module")
def fleet():
    with fleet_of({"east": ("r1", "z1"), "west": ("r2", "z1")}) as found:
        yield found


def mcs(fleet):
    return fleet.client.get(MULTI_CLUSTER_SERVICES, "web", "default")


def slices(fleet, member):
    found = fleet.members[member].client.list(ENDPOINT_SLICES, "default", labels=f"{NAME}=web").items
    return sorted(each["metadata"]["name"] for each in found)


def service(fleet, member):
    try:
        return fleet.members[member].client.get(SERVICES, "web", "default")
    except NotFound:
        return None


def make_slice(fleet, member, name, address):
    slice_ = {
        "metadata": {"name": name, "namespace": "default", "labels": {NAME: "web"}}, "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }  # fmt: skip
    fleet.members[member].client.create(ENDPOINT_SLICES, slice_)


def test_without_its_service_it_says_so(fleet):
    made = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"types": ["CrossCluster"]}}
    fleet.client.create(MULTI_CLUSTER_SERVICES, made)

    fleet.until(lambda: fleet.advance(1) or get_condition(mcs(fleet).get("status"), "ServiceApplied"), 60)

    assert get_condition(mcs(fleet)["status"], "ServiceApplied")["message"] == 'services "web" not found'
    assert mcs(fleet)["metadata"]["finalizers"] == ["karmada.io/multiclusterservice-controller"]


def test_its_service_is_on_all_members_and_each_has_the_endpoints_of_the_others(fleet):
    make_slice(fleet, "east", "web-x", "10.1.0.1")
    make_slice(fleet, "west", "web-y", "10.2.0.1")
    spec = {"ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
    fleet.client.create(SERVICES, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec})

    fleet.until(lambda: fleet.advance(1) or (service(fleet, "east") and service(fleet, "west")), 120)
    fleet.until(lambda: fleet.advance(1) or slices(fleet, "west") == ["east-web-x", "web-y"], 60)

    assert slices(fleet, "east") == ["web-x", "west-web-y"]
    status = mcs(fleet)["status"]
    assert condition_is(status, "ServiceApplied") and condition_is(status, "EndpointSliceDispatched")
    claimed = fleet.client.get(SERVICES, "web", "default")["metadata"]
    assert claimed["labels"]["resourcetemplate.karmada.io/claimed-by"] == "MultiClusterService"
    assert claimed["labels"]["multiclusterservice.karmada.io/permanent-id"] == mcs(fleet)["metadata"]["uid"]


def test_a_policy_does_not_take_what_is_claimed(fleet):
    policy = {
        "metadata": {"name": "services", "namespace": "default"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "v1", "kind": "Service"}],
            "placement": {"clusterAffinity": {"clusterNames": ["east"]}},
        },
    }
    fleet.client.create(PROPAGATION_POLICIES, policy)
    fleet.advance(5)

    annotations = fleet.client.get(SERVICES, "web", "default")["metadata"]["annotations"]
    assert "propagationpolicy.karmada.io/name" not in annotations
    fleet.client.delete(PROPAGATION_POLICIES, "services", "default")


def test_endpoints_of_a_member_that_does_not_answer_stay(fleet):
    fleet.cut("east")
    fleet.advance(20)

    assert slices(fleet, "west") == ["east-web-x", "web-y"]
    fleet.heal("east")
    fleet.until(lambda: fleet.advance(1) or condition_is(mcs(fleet)["status"], "EndpointSliceDispatched"), 120)


def test_with_named_clusters_others_lose_the_endpoints_and_the_service(fleet):
    spec = {"providerClusters": [{"name": "west"}], "consumerClusters": [{"name": "west"}]}
    fleet.client.patch(MULTI_CLUSTER_SERVICES, "web", {"spec": spec}, "default")

    fleet.until(lambda: fleet.advance(1) or (slices(fleet, "west") == ["web-y"] and not service(fleet, "east")), 120)


def test_when_it_goes_its_service_stays_without_its_marks(fleet):
    fleet.client.delete(MULTI_CLUSTER_SERVICES, "web", "default")

    def gone():
        fleet.advance(1)
        return not fleet.client.list(MULTI_CLUSTER_SERVICES, "default").items

    fleet.until(gone, 60)

    assert service(fleet, "west") is not None
    metadata = fleet.client.get(SERVICES, "web", "default")["metadata"]
    assert not metadata.get("labels") and not metadata.get("annotations")
    binding = fleet.client.get(RESOURCE_BINDINGS, "web-service", "default")["metadata"]
    assert "binding.karmada.io/managed-by" not in binding["labels"]
