from __future__ import annotations

from contexts import one

from sampan.contracts.access import User
from sampan_client import Client
from sampan_federation.resources import MULTI_CLUSTER_INGRESSES, RESOURCE_BINDINGS
from sampan_federation.services.ingress_controller import MultiClusterIngresses
from sampan_machinery.resources import ENDPOINT_SLICES, INGRESSES, SERVICES
from sampan_testing.cluster import until
from sampan_testing.miniapi import MiniApi


class Members:
    """Two members that have EndpointSlices."""

    def __init__(self):
        self.apis = {name: MiniApi([ENDPOINT_SLICES]) for name in ("east", "west")}
        self.clients = {name: Client.in_process(api, User("x")) for name, api in self.apis.items()}
        self.cut = set()

    def client(self, cluster):
        if cluster in self.cut:
            raise ConnectionError("the link is cut")
        return self.clients[cluster]

    def make_slice(self, cluster, address):
        self.apis[cluster].create(
            ENDPOINT_SLICES,
            {
                "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
                "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
                "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            },
        )  # fmt: skip


def mci(name="web"):
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ingressClassName": "sampan", "rules": [{"host": "a.example", "http": {"paths": [path]}}]},
    }


def prepared(host):
    spec = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    host.api.create(SERVICES, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
    resource = {"apiVersion": "v1", "kind": "Service", "name": "web", "namespace": "shop"}
    clusters = [{"name": "east"}, {"name": "west"}]
    binding = {
        "metadata": {"name": "web-service", "namespace": "shop"}, "spec": {"resource": resource, "clusters": clusters},
    }  # fmt: skip
    host.api.create(RESOURCE_BINDINGS, binding)
    host.api.create(MULTI_CLUSTER_INGRESSES, mci())
    host.synced()


def handled(host, what):
    """Handle it until that is so."""
    until(lambda: (host.handle("shop"), what())[1], 30)


def addresses(host):
    found = [each for slice_ in host.api.list(ENDPOINT_SLICES) for each in slice_["endpoints"]]
    return sorted(each["addresses"][0] for each in found)


def test_an_ingress_of_the_host_sends_to_the_members():
    members = Members()
    members.make_slice("east", "10.1.0.1")
    members.make_slice("west", "10.2.0.1")
    with one(MultiClusterIngresses, members) as host:
        prepared(host)

        handled(host, lambda: addresses(host) == ["10.1.0.1", "10.2.0.1"])

        made = host.api.get(INGRESSES, "web", "shop")
        assert made["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == "derived-web"
        assert host.api.get(SERVICES, "derived-web", "shop")["spec"]["ports"][0]["port"] == 80
        status = host.api.get(MULTI_CLUSTER_INGRESSES, "web", "shop")["status"]
        assert status == {"serviceLocations": [{"name": "web", "clusters": ["east", "west"]}]}


def test_its_status_is_that_of_the_hosts_ingress_and_blocked_clusters_get_nothing():
    members = Members()
    members.make_slice("east", "10.1.0.1")
    members.make_slice("west", "10.2.0.1")
    with one(MultiClusterIngresses, members) as host:
        prepared(host)
        handled(host, lambda: len(addresses(host)) == 2)
        made = host.api.get(INGRESSES, "web", "shop")
        balanced = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
        host.api.update(INGRESSES, {**made, "status": balanced}, "status")
        shown = host.api.get(MULTI_CLUSTER_INGRESSES, "web", "shop")
        blocking = {**shown, "status": {**shown["status"], "trafficBlockClusters": ["east"]}}
        host.api.update(MULTI_CLUSTER_INGRESSES, blocking, "status")

        handled(host, lambda: addresses(host) == ["10.2.0.1"])

        status = host.api.get(MULTI_CLUSTER_INGRESSES, "web", "shop")["status"]
        assert status["loadBalancer"] == balanced["loadBalancer"] and status["trafficBlockClusters"] == ["east"]


def test_endpoints_of_a_member_that_does_not_answer_stay():
    members = Members()
    members.make_slice("east", "10.1.0.1")
    with one(MultiClusterIngresses, members) as host:
        prepared(host)
        handled(host, lambda: addresses(host) == ["10.1.0.1"])

        members.cut = {"east", "west"}

        assert host.handle("shop") == 5.0
        assert addresses(host) == ["10.1.0.1"]


def test_what_is_not_ours_stays_and_what_is_left_over_goes():
    members = Members()
    with one(MultiClusterIngresses, members) as host:
        host.api.create(INGRESSES, {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"rules": []}})
        prepared(host)
        host.synced()
        handled(host, lambda: host.events)
        assert host.events[0][0] == "SyncIngressFailed"
        assert host.api.get(INGRESSES, "web", "shop")["spec"] == {"rules": []}

        host.api.remove(MULTI_CLUSTER_INGRESSES, "web", "shop")
        host.synced()
        host.handle("shop")

        assert [each["metadata"]["name"] for each in host.api.list(SERVICES)] == ["web"]
        assert [each["metadata"]["name"] for each in host.api.list(INGRESSES)] == ["web"]


def test_changes_of_the_backends_place_and_of_the_hosts_objects_are_looked_at():
    with one(MultiClusterIngresses, Members()) as host:
        prepared(host)
        until(lambda: "shop" in host.keys, 30)
        handled(host, lambda: len(host.api.list(INGRESSES)) == 1)
        host.keys.clear()

        binding = host.api.get(RESOURCE_BINDINGS, "web-service", "shop")
        host.api.update(RESOURCE_BINDINGS, {**binding, "spec": {**binding["spec"], "clusters": [{"name": "west"}]}})
        host.synced()
        until(lambda: "shop" in host.keys, 30)
