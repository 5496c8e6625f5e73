"""Defaults, validation and the status life of Services, Endpoints, EndpointSlices and IPAddresses."""

from __future__ import annotations

import pytest

from sampan_services.validation import validate_address, validate_endpoints

WEB = [{"port": 80}]
IPS = "/apis/networking.k8s.io/v1/ipaddresses"


def test_defaults_are_filled_in(api):
    spec = api.service("web", ports=[{"port": 80}])[1]["spec"]

    assert spec["type"] == "ClusterIP"
    assert spec["sessionAffinity"] == "None"
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")
    assert spec["internalTrafficPolicy"] == "Cluster"
    assert "externalTrafficPolicy" not in spec


def test_affinity_is_switched_on_and_off(api):
    api.service("web", ports=WEB)
    on = api.patch("web", {"spec": {"sessionAffinity": "ClientIP"}})[1]["spec"]
    off = api.patch("web", {"spec": {"sessionAffinity": "None"}})[1]["spec"]

    assert on["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    assert "sessionAffinityConfig" not in off


@pytest.mark.parametrize(
    ("field", "spec"),
    [
        ("spec.ports", {}),
        ("spec.ports[0].port", {"ports": [{"port": 0}]}),
        ("spec.ports[0].port", {"type": "NodePort", "ports": [{"port": 65536}]}),
        ("spec.ports[0].protocol", {"ports": [{"port": 1, "protocol": "ICMP"}]}),
        ("spec.ports[0].targetPort", {"ports": [{"port": 1, "targetPort": "NOT_a-name!"}]}),
        ("spec.ports[1].name", {"ports": [{"port": 1, "name": "a"}, {"port": 2}]}),
        ("spec.ports[1].name", {"ports": [{"port": 1, "name": "a"}, {"port": 2, "name": "a"}]}),
        ("spec.ports[1]", {"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]}),
        ("spec.type", {"type": "Magic", "ports": WEB}),
        ("spec.sessionAffinity", {"sessionAffinity": "Cookie", "ports": WEB}),
        ("spec.sessionAffinityConfig.clientIP.timeoutSeconds", {
            "sessionAffinity": "ClientIP", "ports": WEB,
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 90000}},
        }),
        ("spec.selector", {"selector": {"bad key!": "x"}, "ports": WEB}),
        ("spec.externalName", {"type": "ExternalName"}),
        ("spec.externalName", {"type": "ExternalName", "externalName": "not_a_name"}),
        ("spec.clusterIPs[0]", {"type": "NodePort", "clusterIP": "None", "ports": WEB}),
        ("spec.externalIPs[0]", {"externalIPs": ["x"], "ports": WEB}),
        ("spec.internalTrafficPolicy", {"internalTrafficPolicy": "Far", "ports": WEB}),
        ("spec.externalTrafficPolicy", {"externalTrafficPolicy": "Local", "ports": WEB}),
        ("spec.loadBalancerClass", {"loadBalancerClass": "x.io/a", "ports": WEB}),
        ("spec.ipFamilyPolicy", {"ipFamilyPolicy": "RequireDualStack", "ports": WEB}),
        ("spec.ipFamilies[0]", {"ipFamilies": ["IPv6"], "ports": WEB}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(api, field, spec):
    status, refused = api.service("web", **spec)

    assert status == 422, refused
    assert field in {cause["field"] for cause in refused["details"]["causes"]}


def test_a_service_without_a_spec_or_with_odd_ports_is_refused_not_a_crash(api):
    for body in ({}, {"spec": {}}, {"spec": {"type": "NodePort", "ports": [{}]}}, {"spec": {"ports": [{"name": "x"}]}}):
        made = {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "odd"}, **body}
        status, _refused = api("POST", "/api/v1/namespaces/default/services", made)
        assert 400 <= status < 500, body


def test_the_status_of_a_balancer_lives_through_its_subresource(api):
    api.service("lb", type="LoadBalancer", ports=WEB, loadBalancerClass="example.com/internal")
    ready = {"type": "StatusPatched", "status": "True", "reason": "E2E", "message": "", "lastTransitionTime": None}
    condition = {key: value for key, value in ready.items() if value is not None}
    condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"

    patched = api.patch("lb", {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}}, "/status")[1]
    assert patched["status"]["loadBalancer"]["ingress"] == [{"ip": "203.0.113.1", "ipMode": "VIP"}]
    patched = api.patch("lb", {"status": {"conditions": [condition]}}, "/status")[1]
    assert patched["status"]["conditions"][0]["type"] == "StatusPatched"
    assert patched["status"]["loadBalancer"]["ingress"]

    kept = api.patch("lb", {"metadata": {"labels": {"a": "b"}}})[1]
    assert kept["status"]["loadBalancer"]["ingress"]
    plain = api.patch("lb", {"spec": {"type": "ClusterIP"}})[1]
    assert plain["status"]["loadBalancer"] == {}
    assert "loadBalancerClass" not in plain["spec"]
    assert api.patch("lb", {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}}, "/status")[0] == 422


@pytest.mark.parametrize(
    ("parent", "lines"),
    [
        (None, ["spec.parentRef: Required value"]),
        ({"resource": "services", "name": "s", "namespace": "n"}, []),
        ({}, ["spec.parentRef.resource: Required value", "spec.parentRef.name: Required value"]),
        (
            {"resource": "a/b", "name": "c%", "namespace": ".."},
            [
                "spec.parentRef.resource: Invalid value: \"a/b\": may not contain '/'",
                "spec.parentRef.name: Invalid value: \"c%\": may not contain '%'",
                "spec.parentRef.namespace: Invalid value: \"..\": may not be '..'",
            ],
        ),
    ],
)
def test_what_is_wrong_with_the_parent_of_an_ipaddress_is_named(parent, lines):
    found = validate_address({"spec": {"parentRef": parent}}, None)

    assert [f"{problem.path}: {problem.message}" for problem in found] == lines


def test_the_parent_of_an_ipaddress_never_changes():
    old, new = ({"spec": {"parentRef": {"resource": "services", "name": name}}} for name in "ab")

    assert [problem.path for problem in validate_address(new, old)] == ["spec.parentRef"]


def test_names_of_ipaddresses_are_canonical(api):
    parent = {"parentRef": {"group": "foo", "resource": "bars", "namespace": "x", "name": "y"}}

    def create(name, spec):
        body = {"kind": "IPAddress", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": name}, "spec": spec}
        return api("POST", IPS, body)[0]

    assert create("192.168.1.5", parent) == 201
    assert create("2001:db8::1", parent) == 201
    assert create("2001:db8:0::2", parent) == 422
    assert create("192.168.1.500", parent) == 422
    assert create("192.168.1.6", {}) == 422
    change = {"spec": {"parentRef": {"name": "z"}}}
    assert api("PATCH", f"{IPS}/192.168.1.5", change, media="application/merge-patch+json")[0] == 422
    assert api("DELETE", f"{IPS}/2001:db8::1")[0] == 200


def test_endpoints_are_defaulted_and_their_subsets_replaced(api):
    path = "/api/v1/namespaces/default/endpoints"
    body = {
        "kind": "Endpoints", "apiVersion": "v1", "metadata": {"name": "e"},
        "subsets": [{"addresses": [{"ip": "10.0.0.24"}], "ports": [{"name": "http", "port": 80}]}],
    }  # fmt: skip
    assert api("POST", path, body)[1]["subsets"][0]["ports"][0]["protocol"] == "TCP"
    patch = {"subsets": [{"addresses": [{"ip": "10.0.0.25"}], "ports": [{"name": "test", "port": 8080}]}]}
    changed = api("PATCH", f"{path}/e", patch, media="application/strategic-merge-patch+json")[1]
    assert len(changed["subsets"]) == 1
    assert changed["subsets"][0]["addresses"][0]["ip"] == "10.0.0.25"
    assert api("POST", path, {**body, "metadata": {"name": "f"}, "subsets": [{"ports": [{"port": 1}]}]})[0] == 422


def test_slices_keep_their_address_type(api):
    path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    body = {
        "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": {"name": "s"}, "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.2.3"]}], "ports": [{"port": 80}],
    }  # fmt: skip
    made = api("POST", path, body)[1]
    assert made["ports"] == [{"port": 80, "protocol": "TCP", "name": ""}]
    assert api("PUT", f"{path}/s", {**made, "addressType": "IPv6"})[0] == 422
    assert api("POST", path, {**body, "metadata": {"name": "t"}, "endpoints": [{"addresses": []}]})[0] == 422
    assert api("POST", path, {**body, "metadata": {"name": "t"}, "endpoints": [{"addresses": ["x"]}]})[0] == 422


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("foo", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)", "must be a valid IP address"]),
        ("010.1.1.1", ["must not have leading 0s"]),
        ("::ffff:1.2.3.4", ["must not be an IPv4-mapped IPv6 address"]),
    ],
)
def test_an_endpoint_that_is_no_address_is_told_twice(text, words):
    found = list(validate_endpoints({"subsets": [{"addresses": [{"ip": text}]}]}, None))

    assert [problem.message for problem in found] == [f'Invalid value: "{text}": {word}' for word in words]
