from __future__ import annotations

from sampan_loadbalancer.electing import EXCLUDED, announced, elected

OWN = "sampan.dev/loadbalancer"


def node(name, *, ready="True", **labels):
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def service(name, address, **spec):
    status = {"loadBalancer": {"ingress": [{"ip": address}]}}
    return {"metadata": {"name": name, "namespace": "d"}, "spec": {"type": "LoadBalancer", **spec}, "status": status}


def slice_of(name, node_name, ready=True):
    endpoint = {"addresses": ["10.1.0.1"], "nodeName": node_name, "conditions": {"ready": ready}}
    labels = {"kubernetes.io/service-name": name}
    return {"metadata": {"name": f"{name}-1", "namespace": "d", "labels": labels}, "endpoints": [endpoint]}


SERVICES = [service(f"s{n}", f"192.0.2.{n}") for n in range(1, 41)]


def shares(nodes, services=SERVICES, slices=()):
    names = [one["metadata"]["name"] for one in nodes]
    return {name: announced(services, nodes, slices, name, OWN) for name in names}


def test_each_address_is_announced_by_one_node_and_nodes_share_the_work():
    found = shares([node("n1"), node("n2"), node("n3")])
    assert sorted(address for each in found.values() for address in each) == sorted(
        f"192.0.2.{n}" for n in range(1, 41)
    )
    assert all(found.values())


def test_a_node_that_goes_moves_its_own_share_alone():
    before = shares([node("n1"), node("n2"), node("n3")])
    after = shares([node("n1"), node("n2"), node("n3", ready="False")])
    assert after["n3"] == frozenset()
    assert before["n1"] < after["n1"]
    assert before["n2"] < after["n2"]


def test_excluded_nodes_announce_nothing():
    assert shares([node("n1", **{EXCLUDED: ""}), node("n2")])["n1"] == frozenset()


def test_with_the_policy_local_a_node_with_endpoints_announces():
    services = [service("web", "192.0.2.1", externalTrafficPolicy="Local")]
    nodes = [node("n1"), node("n2")]
    for name in ("n1", "n2"):
        found = shares(nodes, services, [slice_of("web", name)])
        assert found == {one: frozenset({"192.0.2.1"} if one == name else ()) for one in ("n1", "n2")}
    assert not any(shares(nodes, services, [slice_of("web", "n1", ready=False)]).values())


def test_addresses_of_other_load_balancers_are_not_announced():
    services = [
        service("other", "192.0.2.1", loadBalancerClass="example.org/x"),
        service("no", "192.0.2.2", type="NodePort"),
    ]
    assert shares([node("n1")], services) == {"n1": frozenset()}


def test_without_nodes_none_is_elected():
    assert elected("192.0.2.1", []) == ""
