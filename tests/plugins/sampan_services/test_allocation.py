"""Addresses and node ports, through the whole write chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

WEB = [{"port": 80, "protocol": "TCP"}]


def test_the_kubernetes_service_and_its_range_are_there_from_the_start(api):
    assert api.get("kubernetes")["spec"]["clusterIP"] == "10.96.0.1"
    assert api.addresses() == {"10.96.0.1"}
    assert api("GET", "/apis/networking.k8s.io/v1/servicecidrs/kubernetes/status")[1]["spec"]["cidrs"] == [
        "10.96.0.0/16"
    ]


def test_a_service_gets_an_address_and_an_ipaddress_that_names_it(api):
    status, made = api.service("web", ports=WEB)

    assert status == 201
    address = made["spec"]["clusterIP"]
    assert made["spec"]["clusterIPs"] == [address]
    allocation = api("GET", f"/apis/networking.k8s.io/v1/ipaddresses/{address}")[1]
    assert allocation["spec"]["parentRef"] == {"resource": "services", "namespace": "default", "name": "web"}
    assert allocation["metadata"]["labels"]["ipaddress.kubernetes.io/ip-family"] == "IPv4"


def test_an_address_asked_for_is_given_once(api):
    assert api.service("a", ports=WEB, clusterIP="10.96.7.7")[0] == 201

    status, refused = api.service("b", ports=WEB, clusterIP="10.96.7.7")

    assert status == 422
    assert "failed to allocate IP 10.96.7.7: provided IP is already allocated" in refused["message"]
    assert refused["details"]["causes"][0]["field"] == "spec.clusterIPs"


def test_addresses_that_cannot_be_used_are_refused(api):
    for address in ("10.97.0.1", "10.96.0.0", "10.96.255.255", "nonsense", "10.96.0.300"):
        assert api.service("x", ports=WEB, clusterIP=address)[0] == 422, address


def test_delete_and_create_with_a_fixed_address_works_at_once(api):
    for _ in range(20):
        assert api.service("web", ports=WEB, clusterIP="10.96.9.9")[0] == 201
        assert api("DELETE", "/api/v1/namespaces/default/services/web")[0] == 200
    assert api.addresses() == {"10.96.0.1"}


def test_creates_at_the_same_time_never_get_the_same_address_or_port(make_api):
    api = make_api("10.96.0.0/25", "30000-30099")

    def create(number: int):
        return api.service(f"s{number}", type="NodePort", ports=WEB)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(create, range(90)))

    assert {status for status, _ in answers} == {201}
    assert len({made["spec"]["clusterIP"] for _, made in answers}) == 90
    assert len({made["spec"]["ports"][0]["nodePort"] for _, made in answers}) == 90


def test_full_ranges_say_so(make_api):
    api = make_api("10.96.0.0/29", "30000-30001")
    assert api.service("a", type="NodePort", ports=WEB)[0] == 201
    assert api.service("b", type="NodePort", ports=WEB)[0] == 201
    status, refused = api.service("c", type="NodePort", ports=WEB)
    assert (status, "range is full" in refused["message"]) == (422, True)
    for name in "cde":
        assert api.service(name, ports=WEB)[0] == 201
    status, refused = api.service("f", ports=WEB)
    assert (status, "range is full" in refused["message"]) == (422, True)


def test_a_dry_run_allocations_nothing(api):
    body = {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "dry"}, "spec": {"ports": WEB}}
    answer = api.raw("POST", "/api/v1/namespaces/default/services", body, query_string="dryRun=All")

    assert answer.status_code == 201
    assert answer.json["spec"]["clusterIP"]
    assert api.addresses() == {"10.96.0.1"}


def test_headless_and_external_services_have_no_address(api):
    headless = api.service("h", ports=WEB, clusterIP="None")[1]["spec"]
    external = api.service("e", type="ExternalName", externalName="example.org")[1]["spec"]

    assert (headless["clusterIP"], headless["clusterIPs"]) == ("None", ["None"])
    assert "clusterIP" not in external
    assert "ipFamilies" not in external
    assert api.addresses() == {"10.96.0.1"}


def test_switching_to_externalname_and_back_gives_the_address_up_and_a_new_one(api):
    api.service("s", type="NodePort", ports=WEB)
    status, changed = api.patch("s", {"spec": {"type": "ExternalName", "externalName": "foo.example.com"}})
    assert status == 200
    assert "clusterIP" not in changed["spec"]
    assert "nodePort" not in changed["spec"]["ports"][0]
    assert api.addresses() == {"10.96.0.1"}
    assert api.node_ports() == set()

    status, changed = api.patch("s", {"spec": {"type": "ClusterIP", "externalName": None}})
    assert status == 200
    assert changed["spec"]["clusterIP"] in api.addresses()


@pytest.mark.parametrize(
    "sent", [{"clusterIPs": ["foo"]}, {"clusterIPs": ["None"]}, {"clusterIP": "", "clusterIPs": ["10.96.0.9"]}]
)
def test_an_external_service_has_no_addresses(api, sent):
    why = "spec.clusterIPs: Forbidden: may not be set for ExternalName services"
    status, refused = api.service("e", type="ExternalName", externalName="example.org", **sent)
    assert status == 422 and why in refused["message"]

    api.service("s", ports=WEB)
    status, refused = api.patch("s", {"spec": {"type": "ExternalName", "externalName": "example.org", **sent}})
    assert status == 422 and why in refused["message"]


def test_a_put_of_an_external_service_to_clusterip_is_given_an_address(api):
    made = api.service("s", type="ExternalName", externalName="foo.example.com")[1]
    made["spec"] = {"type": "ClusterIP", "ports": WEB}

    status, changed = api("PUT", "/api/v1/namespaces/default/services/s", made)

    assert status == 200
    assert changed["spec"]["clusterIP"] in api.addresses()


def test_the_address_stays_when_an_update_leaves_it_out_and_may_not_change(api):
    before = api.service("s", ports=WEB)[1]
    put = {**before, "spec": {"ports": [{"port": 81}]}}
    status, after = api("PUT", "/api/v1/namespaces/default/services/s", put)
    assert (status, after["spec"]["clusterIP"]) == (200, before["spec"]["clusterIP"])

    for address in ("10.96.40.40", "None"):
        status, refused = api.patch("s", {"spec": {"clusterIP": address, "clusterIPs": [address]}})
        assert status == 422
        assert "may not change once set" in refused["message"]


def test_node_ports_are_kept_shared_by_protocol_and_released(api):
    both = [{"name": "t", "port": 53, "protocol": "TCP"}, {"name": "u", "port": 53, "protocol": "UDP"}]
    made = api.service("s", type="NodePort", ports=both)[1]
    number = made["spec"]["ports"][0]["nodePort"]
    assert made["spec"]["ports"][1]["nodePort"] == number
    assert api.node_ports() == {f"{number}"}

    put = {**made, "spec": {**made["spec"], "ports": both[:1]}}
    kept = api("PUT", "/api/v1/namespaces/default/services/s", put)[1]
    assert kept["spec"]["ports"][0]["nodePort"] == number
    assert api.node_ports() == {f"{number}"}

    back = api.patch("s", {"spec": {"type": "ClusterIP"}})[1]
    assert "nodePort" not in back["spec"]["ports"][0]
    assert "externalTrafficPolicy" not in back["spec"]
    assert api.node_ports() == set()


@pytest.mark.parametrize("protocol", ["TCP", "UDP", "SCTP"])
def test_a_node_port_is_one_service_s_for_all_protocols(api, protocol):
    api.service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])

    status, refused = api.service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30080, "protocol": protocol}])
    assert status == 422
    assert "provided port is already allocated" in refused["message"]

    both = [
        {"name": "t", "port": 80, "nodePort": 30080},
        {"name": "u", "port": 80, "nodePort": 30080, "protocol": "UDP"},
    ]
    assert api.patch("a", {"spec": {"ports": both}})[0] == 200
    assert api.patch("a", {"spec": {"ports": both[1:]}})[0] == 200
    assert api.node_ports() == {"30080"}


def test_a_node_port_allocated_by_0_1_0_counts_and_is_released(api):
    api.service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    path = "/apis/allocation.sampan.dev/v1/nodeports"
    old = api("GET", f"{path}/30080")[1]
    api("DELETE", f"{path}/30080")
    api("POST", path, {**old, "metadata": {"name": "30080-tcp"}})

    assert api.service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30080, "protocol": "UDP"}])[0] == 422
    api("DELETE", "/api/v1/namespaces/default/services/a")
    assert api.node_ports() == set()


def test_clusterip_and_clusterips_are_one_wish(api):
    made = api.service("s", ports=WEB)[1]
    address = made["spec"]["clusterIP"]

    for patch, why in (
        ({"clusterIPs": ["192.0.2.1"]}, "first value must match `clusterIP`"),
        ({"clusterIP": "10.96.1.1"}, "may not change once set"),
        ({"clusterIPs": [address, "10.96.1.1", "10.96.1.2"]}, "may only hold up to 2 values"),
        ({"clusterIPs": [address, "10.96.1.1"]}, "may specify no more than one IP for each IP family"),
        ({"clusterIPs": [address, "fd00::1"]}, "spec.ipFamilyPolicy"),
        ({"clusterIPs": [address, "None"]}, "spec.clusterIPs[1]"),
    ):
        status, refused = api.patch("s", {"spec": patch})
        assert (status, why in refused["message"]) == (422, True), (patch, refused)
    for spec, why in (
        ({"clusterIPs": ["10.96.1.1"]}, "must be empty when `clusterIP` is not specified"),
        ({"clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.2"]}, "first value must match `clusterIP`"),
        ({"clusterIP": "None", "clusterIPs": ["10.96.1.2"]}, "first value must match `clusterIP`"),
        ({"clusterIP": "fd00::1"}, "IPv6 is not configured on this cluster"),
        ({"clusterIP": "10.96.1.1", "ipFamilies": ["IPv6"]}, "expected an IPv6 value as indicated by `ipFamilies[0]`"),
        ({"clusterIPs": ["None", "None"]}, "'None' must be the first and only value"),
        (
            {"clusterIP": "foo", "selector": {"a b": "c"}},
            'is invalid: spec.clusterIPs[0]: Invalid value: "foo": must be',
        ),
        ({"clusterIP": "1.2.3.4"}, "the provided network does not match the current range"),
    ):
        status, refused = api.service("other", ports=WEB, **spec)
        assert (status, why in refused["message"]) == (422, True), (spec, refused)
    assert api.service("other", ports=WEB, clusterIP="10.96.1.1", clusterIPs=["10.96.1.1"])[0] == 201


def test_node_ports_asked_for_have_to_be_free_and_in_range(api):
    assert api.service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])[0] == 201
    for number, why in ((30080, "provided port is already allocated"), (80, "not in the valid range")):
        status, refused = api.service("b", type="NodePort", ports=[{"port": 80, "nodePort": number}])
        assert status == 422
        assert why in refused["message"]
        assert refused["details"]["causes"][0]["field"] == "spec.ports[0].nodePort"
    assert api.service("b", ports=[{"port": 80, "nodePort": 30081}])[0] == 422
    assert len(api.addresses()) == 2


def test_a_balancer_may_do_without_node_ports(api):
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81, "nodePort": 31000}]
    made = api.service("lb", type="LoadBalancer", allocateLoadBalancerNodePorts=False, ports=ports)[1]

    assert "nodePort" not in made["spec"]["ports"][0]
    assert api.node_ports() == {"31000"}


LOCAL = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "allocateLoadBalancerNodePorts": False}


def test_a_local_balancer_has_a_health_check_port_which_it_keeps_and_gives_back(api):
    made = api.service("lb", **LOCAL, ports=WEB)[1]
    port = made["spec"]["healthCheckNodePort"]
    assert api.node_ports() == {f"{port}"}

    del made["spec"]["healthCheckNodePort"]
    kept = api("PUT", "/api/v1/namespaces/default/services/lb", made)[1]
    assert kept["spec"]["healthCheckNodePort"] == port

    freed = api.patch("lb", {"spec": {"externalTrafficPolicy": "Cluster"}})
    assert freed[0] == 200
    assert "healthCheckNodePort" not in freed[1]["spec"]
    assert api.node_ports() == set()


def test_a_health_check_port_asked_for_has_to_be_free_and_stays(api):
    assert api.service("lb", **LOCAL, ports=WEB, healthCheckNodePort=31001)[0] == 201
    assert api.service("other", **LOCAL, ports=WEB, healthCheckNodePort=31001)[0] == 422
    assert api.service("odd", type="NodePort", ports=WEB, healthCheckNodePort=31002)[0] == 422
    assert api.service("port", type="NodePort", ports=[{"port": 80, "nodePort": 31001}])[0] == 422
    assert api.patch("lb", {"spec": {"healthCheckNodePort": 31005}})[0] == 422
    api("DELETE", "/api/v1/namespaces/default/services/lb")
    assert api.node_ports() == set()


def test_finalizers_keep_the_allocations_until_the_service_is_gone(api):
    body = {
        "kind": "Service", "apiVersion": "v1", "metadata": {"name": "f", "finalizers": ["example.org/wait"]},
        "spec": {"ports": WEB, "type": "NodePort"},
    }  # fmt: skip
    address = api("POST", "/api/v1/namespaces/default/services", body)[1]["spec"]["clusterIP"]
    api("DELETE", "/api/v1/namespaces/default/services/f")
    assert address in api.addresses()

    assert api.patch("f", {"metadata": {"finalizers": None}})[0] == 200

    assert api("GET", "/api/v1/namespaces/default/services/f")[0] == 404
    assert api.addresses() == {"10.96.0.1"}
    assert api.node_ports() == set()


def test_a_collection_of_services_gives_all_allocations_back(api):
    for number in range(5):
        api.service(f"s{number}", type="NodePort", ports=WEB)
    assert api("DELETE", "/api/v1/namespaces/default/services")[0] == 200
    assert api.addresses() == set()
    assert api.node_ports() == set()


def test_an_allocation_of_another_shape_is_refused(api):
    for spec in ([None], {"parentRef": 7}, "x"):
        body = {"kind": "NodePort", "apiVersion": "allocation.sampan.dev/v1", "metadata": {"name": "1"}, "spec": spec}
        status, answer = api("POST", "/apis/allocation.sampan.dev/v1/nodeports", body)
        assert (status, answer["reason"]) == (422, "Invalid"), answer


def test_a_port_that_cannot_be_allocated_is_told_alone(api):
    """As kube-apiserver 1.36.2 does, which allocates before it validates."""
    wrong = {"type": "NodePort", "selector": {"a b": "c"}, "ports": [{"port": 80, "nodePort": 99}]}
    body = {"metadata": {"name": "Bad_Name", "labels": {"a b": "c"}}, "spec": wrong}

    status, answer = api("POST", "/api/v1/namespaces/default/services", body)

    assert status == 422 and [cause["field"] for cause in answer["details"]["causes"]] == ["spec.ports[0].nodePort"]
