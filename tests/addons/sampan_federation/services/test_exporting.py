from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import proved

from sampan_federation.services.exporting import MOST_ENDPOINTS, MOST_SLICES, imported


def slice_(*addresses, name="web-x", family="IPv4", **more):
    return {
        "metadata": {"name": name}, "addressType": family, "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        "endpoints": [{"addresses": [each], "conditions": {"ready": True}, "nodeName": "n"} for each in addresses],
        **more,
    }  # fmt: skip


def of(*slices):
    return imported(slices, "east", "web", "shop")


def test_a_slice_is_named_and_labelled_for_the_derived_service():
    [found] = of(slice_("10.1.0.1"))

    assert found["metadata"]["name"] == "imported-east-web-x"
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "derived-web"
    assert found["metadata"]["annotations"] == {"endpointslice.karmada.io/provision-cluster": "east"}
    assert found["endpoints"] == [{"addresses": ["10.1.0.1"], "conditions": {"ready": True}}]
    assert found["ports"] == [{"name": "http", "port": 80, "protocol": "TCP"}]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "x", "", "fd00::1", 7, None]
)
def test_addresses_that_other_clusters_must_not_be_sent_to_are_left_out(address):
    [found] = of(slice_(address, "10.1.0.2"))

    assert [each["addresses"] for each in found["endpoints"]] == [["10.1.0.2"]]


def test_names_of_hosts_are_not_imported():
    assert of(slice_("a.example", family="FQDN")) == []
    assert of(slice_("10.1.0.1", name="../x")) == []


def test_what_is_sent_is_bounded():
    many = slice_(*(f"10.1.{n // 250}.{n % 250 + 1}" for n in range(2000)))

    assert len(of(many)[0]["endpoints"]) <= MOST_ENDPOINTS
    assert len(of(*(slice_("10.1.0.1", name=f"s{n}") for n in range(500)))) == MOST_SLICES


def test_ports_that_are_none_are_left_out():
    ports = [{"port": 0}, {"port": "x"}, {"port": 80, "protocol": "ICMP"}, {"port": 81, "name": "A B"}]

    assert of(slice_("10.1.0.1", ports=ports))[0]["ports"] == [{"name": "", "port": 81, "protocol": "TCP"}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["endpoints", "addresses", "ports", "port", "conditions", "metadata", "name", "ready"]),
        inner, max_size=5,
    ),
    max_leaves=15,
)  # fmt: skip


@proved
@given(st.dictionaries(st.sampled_from(["endpoints", "ports", "metadata", "addressType"]), JSON))
def test_whatever_a_member_sends_is_a_slice_or_nothing(garbage):
    for found in of({"addressType": "IPv4", "metadata": {"name": "a"}, **garbage}):
        assert all(each["addresses"] for each in found["endpoints"])
