from __future__ import annotations

import pytest

from sampan_services.columns import ENDPOINTS, SERVICE, SLICE, endpoints_text, external_text, ports_text


def row(columns, obj):
    return {column.name: column.cell(obj) for column in columns}


def service(**spec):
    return {"metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": spec}


def test_a_service_in_one_line():
    found = row(
        SERVICE,
        service(
            type="ClusterIP", clusterIP="10.96.0.5", selector={"b": "2", "a": "1"},
            ports=[{"port": 80, "protocol": "TCP"}, {"port": 443, "nodePort": 30443}],
        ),
    )  # fmt: skip

    assert found == {
        "Name": "web", "Type": "ClusterIP", "Cluster-IP": "10.96.0.5", "External-IP": "<none>",
        "Port(s)": "80/TCP,443:30443/TCP", "Age": "2026-01-01T00:00:00Z", "Selector": "a=1,b=2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "status", "text"),
    [
        ({}, {}, "<none>"),
        ({"externalIPs": ["192.0.2.1", "192.0.2.2"]}, {}, "192.0.2.1,192.0.2.2"),
        ({"type": "ExternalName", "externalName": "db.example.org"}, {}, "db.example.org"),
        ({"type": "LoadBalancer"}, {}, "<pending>"),
        (
            {"type": "LoadBalancer"},
            {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "lb"}]}},
            "1.2.3.4,lb",
        ),
    ],
)
def test_where_a_service_is_reached_from_outside(spec, status, text):
    assert external_text({"spec": spec, "status": status}) == text


def test_a_service_without_ports_has_none():
    assert ports_text(service()) == "<none>"


def test_three_endpoints_are_named_and_the_rest_counted():
    subset = {"addresses": [{"ip": f"10.1.0.{n}"} for n in range(1, 5)], "ports": [{"port": 80}]}

    assert endpoints_text({"subsets": [subset]}) == "10.1.0.1:80,10.1.0.2:80,10.1.0.3:80 + 1 more..."
    assert endpoints_text({"subsets": [{"addresses": [{"ip": "10.1.0.1"}]}]}) == "10.1.0.1"
    assert row(ENDPOINTS, {"metadata": {"name": "web"}})["Endpoints"] == "<none>"


def test_a_slice_in_one_line():
    slice_ = {
        "metadata": {"name": "web-x"}, "addressType": "IPv4", "ports": [{"port": 80}, {"port": None}],
        "endpoints": [{"addresses": ["10.1.0.1"]}, {"addresses": ["10.1.0.2"]}],
    }  # fmt: skip
    found = row(SLICE, slice_)

    assert (found["AddressType"], found["Ports"], found["Endpoints"]) == ("IPv4", "80,*", "10.1.0.1,10.1.0.2")
    assert row(SLICE, {"metadata": {"name": "x"}})["Ports"] == "<unset>"


PORTS = next(column for column in SLICE if column.name == "Ports")


@pytest.mark.parametrize(
    "ports, text",
    [
        (None, "<unset>"),
        ([{"port": 80, "name": "http"}], "80"),
        ([{"name": "http"}, {}], "http,*"),
        ([{"port": number} for number in range(1, 6)], "1,2,3 + 2 more..."),
    ],
)
def test_ports_of_a_slice_are_shown_by_number_or_name(ports, text):
    assert PORTS.cell({"ports": ports}) == text
