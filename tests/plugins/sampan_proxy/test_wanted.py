"""From Services and slices to fronts."""

from __future__ import annotations

from sampan_proxy.wanted import Backend, BackendSet, Frontend, wanted


def service(name="web", **spec):
    spec = {"clusterIP": "10.96.0.5", "ports": [{"port": 80, "protocol": "TCP"}], **spec}
    return {"metadata": {"name": name, "namespace": "d"}, "spec": spec}


def endpoint(address, node="", **conditions):
    return {"addresses": [address], "conditions": conditions, **({"nodeName": node} if node else {})}


def slice_of(*endpoints, name="web", port=8080, port_name="", protocol="TCP", family="IPv4"):
    metadata = {"namespace": "d", "name": f"{name}-x", "labels": {"kubernetes.io/service-name": name}}
    ports = [{"name": port_name, "port": port, "protocol": protocol}]
    return {"metadata": metadata, "addressType": family, "endpoints": list(endpoints), "ports": ports}


FRONT = Frontend("10.96.0.5", "tcp", 80)


def test_ready_endpoints_of_all_slices_stand_behind_the_address():
    slices = [
        slice_of(endpoint("10.1.0.2")),
        slice_of(endpoint("10.1.0.1", ready=True)),
        slice_of(endpoint("9.9.9.9", ready=False)),
    ]
    assert wanted([service()], slices) == {FRONT: BackendSet((Backend("10.1.0.1", 8080), Backend("10.1.0.2", 8080)))}


def test_ending_endpoints_serve_where_there_are_no_others():
    ending = endpoint("10.1.0.1", ready=False, serving=True, terminating=True)
    assert wanted([service()], [slice_of(ending)])[FRONT].backends == (Backend("10.1.0.1", 8080),)
    both = slice_of(ending, endpoint("10.1.0.2", ready=True))
    assert wanted([service()], [both])[FRONT].backends == (Backend("10.1.0.2", 8080),)


def test_services_without_an_address_want_nothing():
    for spec in ({"clusterIP": "None"}, {"type": "ExternalName", "clusterIP": ""}, {"clusterIP": ""}):
        assert wanted([service(**spec)], [slice_of(endpoint("10.1.0.1"))]) == {}


def test_slices_of_others_and_of_other_families_do_not_count():
    slices = [slice_of(endpoint("10.1.0.1"), name="other"), slice_of(endpoint("2001:db8::1"), family="IPv6")]
    assert wanted([service()], slices) == {FRONT: BackendSet(())}


def test_ports_are_matched_by_name_and_protocol():
    ports = [{"name": "a", "port": 80, "protocol": "TCP"}, {"name": "b", "port": 80, "protocol": "UDP"}]
    slices = [slice_of(endpoint("10.1.0.1"), port_name="b", protocol="UDP", port=53)]
    found = wanted([service(ports=ports)], slices)
    assert found[FRONT].backends == ()
    assert found[FRONT._replace(protocol="udp")].backends == (Backend("10.1.0.1", 53),)


def test_every_way_in_has_a_front():
    outer = service(
        type="LoadBalancer", externalIPs=["203.0.113.9", "2001:db8::9"], ports=[{"port": 80, "nodePort": 30080}]
    )
    outer["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}, {"ip": "203.0.113.2", "ipMode": "Proxy"}]}}
    assert {(front.address, front.port) for front in wanted([outer], [])} == {
        ("10.96.0.5", 80), ("203.0.113.9", 80), ("203.0.113.1", 80), ("", 30080),
    }  # fmt: skip


def test_local_policies_leave_only_backends_of_this_node():
    slices = [slice_of(endpoint("10.1.0.1", "here"), endpoint("10.1.0.2", "there"))]
    inside = wanted([service(internalTrafficPolicy="Local")], slices, "here")
    assert inside[FRONT] == BackendSet((Backend("10.1.0.1", 8080),))

    spec = {"type": "NodePort", "externalTrafficPolicy": "Local", "ports": [{"port": 80, "nodePort": 30080}]}
    outside = wanted([service(**spec)], slices, "here")
    assert len(outside[FRONT].backends) == 2
    assert outside[Frontend("", "tcp", 30080)] == BackendSet((Backend("10.1.0.1", 8080),), 0, True)


def test_affinity_has_its_seconds():
    assert wanted([service(sessionAffinity="ClientIP")], [])[FRONT].affinity == 10800
    config = {"clientIP": {"timeoutSeconds": 5}}
    assert wanted([service(sessionAffinity="ClientIP", sessionAffinityConfig=config)], [])[FRONT].affinity == 5
    assert wanted([service(sessionAffinity="None")], [])[FRONT].affinity == 0


def balanced(**spec):
    one = service(type="LoadBalancer", **spec)
    one["status"] = {
        "loadBalancer": {"ingress": [{"ip": "192.0.2.9", "ipMode": "VIP"}, {"ip": "192.0.2.8", "ipMode": "Proxy"}]}
    }
    return one


def test_source_ranges_limit_the_load_balancers_address_alone():
    ranges = ["198.51.100.0/24", "198.51.100.128/25", "2001:db8::/32"]
    found = wanted([balanced(loadBalancerSourceRanges=ranges)], [slice_of(endpoint("10.1.0.1"))])
    assert found[Frontend("192.0.2.9", "tcp", 80)].sources == ("198.51.100.0/24",)
    assert found[FRONT].sources == ()
    assert Frontend("192.0.2.8", "tcp", 80) not in found

    everybody = wanted([balanced(loadBalancerSourceRanges=["0.0.0.0/0"])], [])
    assert everybody[Frontend("192.0.2.9", "tcp", 80)].sources == ()


def test_hints_are_followed_where_all_endpoints_have_them_and_some_are_near():
    def hinted(address, **hints):
        return {**endpoint(address), "hints": {key: [{"name": value}] for key, value in hints.items()}}

    def addresses(*endpoints):
        return [b.address for b in wanted([service()], [slice_of(*endpoints)], "n1", "a")[FRONT].backends]

    near, far = hinted("10.1.0.1", forZones="a"), hinted("10.1.0.2", forZones="b")
    assert addresses(near, far) == ["10.1.0.1"]
    assert addresses(near, far, endpoint("10.1.0.3")) == ["10.1.0.1", "10.1.0.2", "10.1.0.3"]
    assert addresses(far, hinted("10.1.0.4", forZones="c")) == ["10.1.0.2", "10.1.0.4"]
    own, others = hinted("10.1.0.5", forZones="a", forNodes="n1"), hinted("10.1.0.6", forZones="a", forNodes="n2")
    assert addresses(own, others) == ["10.1.0.5"]
