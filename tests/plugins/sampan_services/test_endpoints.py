"""Slices, Endpoints, mirroring and sweeping, decided in a small world."""

from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Key
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import ENDPOINTS, IP_ADDRESSES, NODES, PODS, SERVICES
from sampan_services import endpoints_objects, mirroring, slices, sweeping
from sampan_testing.simulation import World

EVERY = [slices.RECONCILER, endpoints_objects.ENDPOINTS_RECONCILER, mirroring.RECONCILER]


class Town(World):
    """A world with short words for Services and pods."""

    def service(self, name="web", **spec):
        spec = {"selector": {"app": name}, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}], **spec}
        return self.create(SERVICES, {"metadata": {"name": name, "namespace": "d"}, "spec": spec})

    def pod(self, name, ip="", *, ready=True, app="web", phase="Running", ports=(), **spec):
        status = {"podIP": ip, "phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]}
        containers = [{"name": "c", "ports": list(ports)}]
        metadata = {"name": name, "namespace": "d", "labels": {"app": app}}
        return self.create(PODS, {"metadata": metadata, "spec": {"containers": containers, **spec}, "status": status})

    def settled(self):
        self.settle(EVERY)
        return self

    @property
    def slices(self):
        return sorted(self.list(SLICES, "d"), key=lambda s: str(s["ports"]))

    def endpoints(self, name="web"):
        return self.get(ENDPOINTS, name, "d")

    def gone(self, resource, name):
        self.remove(resource, name, "d")
        for reconciler in EVERY:
            self.decide(reconciler, Key("d", name))
        return self.settled()


@pytest.fixture
def town():
    return Town()


def test_a_service_without_pods_has_one_empty_slice_and_empty_endpoints(town):
    service = town.service()
    town.settled()

    (made,) = town.slices
    assert made["endpoints"] == []
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["ownerReferences"][0]["uid"] == service["metadata"]["uid"]
    assert made["metadata"]["labels"] == {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    assert "subsets" not in town.endpoints()


@pytest.mark.parametrize(
    ("wish", "hints"),
    [
        ("PreferSameZone", {"forZones": [{"name": "east"}]}),
        ("PreferClose", {"forZones": [{"name": "east"}]}),
        ("PreferSameNode", {"forZones": [{"name": "east"}], "forNodes": [{"name": "n1"}]}),
        (None, None),
    ],
)
def test_ready_endpoints_say_whom_they_are_for_where_traffic_shall_stay_close(town, wish, hints):
    town.create(NODES, {"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "east"}}})
    town.service(**({"trafficDistribution": wish} if wish else {}))
    town.pod("a", "10.1.0.1", nodeName="n1")
    town.pod("b", "10.1.0.2", ready=False, nodeName="n1")

    endpoints = town.settled().slices[0]["endpoints"]
    assert [one.get("hints") for one in endpoints] == [hints, None]


def test_pods_become_endpoints_with_node_zone_and_reference(town):
    labels = {"topology.kubernetes.io/zone": "east"}
    town.create(NODES, {"metadata": {"name": "n1", "labels": labels}})
    town.service()
    pod = town.pod("a", "10.1.1.1", nodeName="n1")
    town.pod("b", "10.1.1.2", ready=False)
    town.pod("c", "")
    town.pod("d", "10.1.1.4", phase="Succeeded")
    town.pod("e", "10.1.1.5", app="other")
    town.settled()

    (made,) = town.slices
    assert made["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    first, second = made["endpoints"]
    assert first == {
        "addresses": ["10.1.1.1"], "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": "n1", "zone": "east",
        "targetRef": {"kind": "Pod", "namespace": "d", "name": "a", "uid": pod["metadata"]["uid"]},
    }  # fmt: skip
    assert second["conditions"] == {"ready": False, "serving": False, "terminating": False}
    (subset,) = town.endpoints()["subsets"]
    assert [a["ip"] for a in subset["addresses"]] == ["10.1.1.1"]
    assert [a["ip"] for a in subset["notReadyAddresses"]] == ["10.1.1.2"]
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP"}]


def test_nothing_is_written_twice(town):
    town.service()
    town.pod("a", "10.1.1.1")
    town.settled()
    assert town.settle(EVERY) == 0


def test_named_target_ports_are_resolved_pod_by_pod(town):
    town.service(ports=[{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "web"}])
    town.pod("a", "10.1.1.1", ports=[{"name": "web", "containerPort": 3000}])
    town.pod("b", "10.1.1.2", ports=[{"name": "web", "containerPort": 3001}])
    town.settled()

    assert [s["ports"][0]["port"] for s in town.slices] == [3000, 3001]
    assert [s["endpoints"][0]["addresses"] for s in town.slices] == [["10.1.1.1"], ["10.1.1.2"]]
    assert [s["ports"][0]["port"] for s in town.endpoints()["subsets"]] == [3000, 3001]


def test_unready_and_ending_pods_are_published_where_asked(town):
    town.service(publishNotReadyAddresses=True)
    town.pod("a", "10.1.1.1", ready=False)
    town.settled()
    assert town.slices[0]["endpoints"][0]["conditions"] == {"ready": True, "serving": False, "terminating": False}
    assert town.endpoints()["subsets"][0]["addresses"]


def test_an_ending_pod_serves_but_is_not_ready(town):
    town.service()
    pod = town.pod("a", "10.1.1.1")
    town.update(PODS, {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    town.settled()
    assert town.slices[0]["endpoints"][0]["conditions"] == {"ready": False, "serving": True, "terminating": True}
    assert "subsets" not in town.endpoints()


def test_hostnames_are_told_where_the_subdomain_is_the_service(town):
    town.service(clusterIP="None")
    town.pod("a", "10.1.1.1", hostname="one", subdomain="web")
    town.pod("b", "10.1.1.2", hostname="two", subdomain="other")
    town.settled()
    (made,) = town.slices
    assert [e.get("hostname") for e in made["endpoints"]] == ["one", None]
    assert made["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


def test_many_pods_are_spread_over_slices_of_a_hundred(town):
    town.service()
    for number in range(250):
        town.pod(f"p{number:03}", f"10.1.{number // 100}.{number % 100 + 1}")
    town.settled()
    assert sorted(len(s["endpoints"]) for s in town.slices) == [50, 100, 100]


def test_a_slice_deleted_by_hand_comes_back_and_all_go_with_the_service(town):
    town.service()
    town.pod("a", "10.1.1.1")
    town.settled()
    town.remove(SLICES, town.slices[0]["metadata"]["name"], "d")
    town.settled()
    assert len(town.slices) == 1

    town.gone(SERVICES, "web")

    assert town.slices == []
    assert town.endpoints() is None


def test_a_changed_port_replaces_the_slice(town):
    service = town.service()
    town.pod("a", "10.1.1.1")
    town.settled()
    spec = {**service["spec"], "ports": [{"port": 80, "protocol": "TCP", "targetPort": 9090}]}
    town.update(SERVICES, {**service, "spec": spec})
    town.settled()
    assert [s["ports"][0]["port"] for s in town.slices] == [9090]


def hand_made(town, name="web", subsets=None, **metadata):
    subsets = subsets or [{"addresses": [{"ip": "10.9.9.9"}], "ports": [{"port": 80, "protocol": "TCP"}]}]
    return town.create(ENDPOINTS, {"metadata": {"name": name, "namespace": "d", **metadata}, "subsets": subsets})


def test_hand_made_endpoints_are_mirrored_updated_and_removed(town):
    town.service(selector=None)
    made = hand_made(town, labels={"x": "y"})
    town.settled()
    (mirror,) = town.slices
    assert mirror["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == (
        "endpointslicemirroring-controller.k8s.io"
    )
    assert mirror["metadata"]["labels"]["x"] == "y"
    assert mirror["endpoints"] == [{"addresses": ["10.9.9.9"], "conditions": {"ready": True}}]
    assert mirror["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]

    made["subsets"][0]["addresses"] = [{"ip": "10.9.9.10"}]
    made["subsets"][0]["ports"] = [{"port": 81, "protocol": "TCP"}]
    town.update(ENDPOINTS, made)
    town.settled()
    assert [(s["ports"][0]["port"], s["endpoints"][0]["addresses"]) for s in town.slices] == [(81, ["10.9.9.10"])]
    assert town.settle(EVERY) == 0

    town.gone(ENDPOINTS, "web")
    assert town.slices == []


def test_both_families_get_slices_of_their_own(town):
    town.service(selector=None)
    hand_made(town, subsets=[{"addresses": [{"ip": "10.9.9.9"}, {"ip": "2001:db8::1"}], "ports": []}])
    town.settled()
    assert sorted(s["addressType"] for s in town.slices) == ["IPv4", "IPv6"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}},
    ],
)
def test_some_endpoints_are_not_mirrored(town, metadata):
    town.service(selector=None)
    hand_made(town, **metadata)
    town.settled()
    assert town.slices == []


def test_endpoints_without_a_service_are_left_alone(town):
    hand_made(town, "lonely")
    town.settled()
    assert town.slices == []
    assert town.endpoints("lonely") is not None


def test_pods_and_slices_wake_their_services(town):
    town.service()
    town.service("other")
    pod = town.pod("a", "10.1.1.1")
    town.settled()
    assert list(slices.services_of(pod, town)) == [Key("d", "web")]
    mine = next(s for s in town.slices if s["endpoints"])
    assert list(slices.service_of_slice(mine, town)) == [Key("d", "web")]


def allocation(town, name, service, made_at):
    spec = {"parentRef": {"resource": "services", "namespace": "d", "name": service}}
    made = town.create(IP_ADDRESSES, {"metadata": {"name": name}, "spec": spec})
    made["metadata"]["creationTimestamp"] = made_at
    return made


def test_allocations_of_services_that_are_gone_are_taken_back_after_a_while(town):
    sweep = next(r for r in sweeping.RECONCILERS if r.primary == IP_ADDRESSES)
    town.service(clusterIP="10.96.0.5", clusterIPs=["10.96.0.5"])
    for name, service, made_at in (
        ("10.96.0.5", "web", "2020-01-01T00:00:00Z"),
        ("10.96.0.6", "web", "2020-01-01T00:00:00Z"),
        ("10.96.0.7", "gone", "2099-01-01T00:00:00Z"),
    ):
        allocation(town, name, service, made_at)
        town.decide(sweep, Key("", name))

    assert {obj["metadata"]["name"] for obj in town.list(IP_ADDRESSES)} == {"10.96.0.5", "10.96.0.7"}
    assert town.wakes


def test_addresses_that_are_not_of_services_are_never_swept(town):
    sweep = next(r for r in sweeping.RECONCILERS if r.primary == IP_ADDRESSES)
    spec = {"parentRef": {"group": "gw.io", "resource": "services", "namespace": "d", "name": "x"}}
    made = town.create(IP_ADDRESSES, {"metadata": {"name": "10.96.0.9"}, "spec": spec})
    made["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
    town.decide(sweep, Key("", "10.96.0.9"))
    assert town.get(IP_ADDRESSES, "10.96.0.9")
