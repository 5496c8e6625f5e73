from __future__ import annotations

import json

import pytest

from sampan.errors import ConfigError
from sampan.options import bridge_address, cluster_options
from sampan.settings import parse


def options(home, **network):
    return cluster_options(
        parse({"home": str(home), "network": network, "node": {"name": "n", "ip": "10.0.0.9", "runtime": "exec"}})
    )


def test_addresses_follow_from_the_range_of_services(tmp_path):
    found = options(tmp_path, service_cidr="10.50.0.0/16")

    assert (found["service_ip"], found["dns_ip"]) == ("10.50.0.1", "10.50.0.10")
    assert (found["node_name"], found["node_ip"], found["cluster_domain"]) == ("n", "10.0.0.9", "cluster.local")
    assert found["pki"] == f"{tmp_path}/pki"


def test_the_range_is_remembered_and_cannot_change(tmp_path):
    options(tmp_path, service_cidr="10.50.0.0/16")

    assert options(tmp_path)["service_cidr"] == "10.50.0.0/16"
    assert json.loads((tmp_path / "cluster.json").read_text())["service_cidr"] == "10.50.0.0/16"
    with pytest.raises(ConfigError, match=r"this cluster was made with 10\.50\.0\.0/16"):
        options(tmp_path, service_cidr="10.60.0.0/16")


def test_an_interface_has_its_address_or_none():
    assert bridge_address("lo") == "127.0.0.1"
    assert bridge_address("no-such-thing") == ""
