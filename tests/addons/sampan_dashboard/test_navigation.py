from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan_client.discovery import Discovered
from sampan_dashboard import navigation
from sampan_machinery.resources import DEPLOYMENTS, ENDPOINTS, LEASES, NODES, PODS, STORAGE_CLASSES

GIZMOS = Resource("example.com", "v1", "gizmos", "Gizmo")
VERBS = frozenset({"list"})


def test_the_menu_has_the_kinds_of_the_server_in_its_groups():
    kinds = [Discovered(each, VERBS) for each in (LEASES, NODES, DEPLOYMENTS, PODS, ENDPOINTS, STORAGE_CLASSES, GIZMOS)]

    found = {group.text: [entry.text for entry in group.entries] for group in navigation.groups(kinds)}

    assert found == {
        "Workloads": ["Pod", "Deployment"], "Storage": ["StorageClass"], "Cluster": ["Node", "Lease"],
        "Custom": ["Gizmo"],
    }  # fmt: skip


def test_addresses_hold_any_name():
    assert navigation.link("l", "pods", namespace="a b", labels="", wide=False) == "/l/pods?namespace=a+b"
    assert navigation.object_link(PODS, "shop", "web") == "/o/pods/shop/web"
    assert navigation.object_link(NODES, "", "node/1", "yaml") == "/o/nodes/-/node%2F1/yaml"
    assert navigation.object_link(DEPLOYMENTS, "shop", "<a>?#") == "/o/deployments.apps/shop/%3Ca%3E%3F%23"


@pytest.mark.parametrize("address", ["/", "/l/pods?namespace=a"])
def test_an_address_of_this_site_is_followed(address):
    assert navigation.is_local(address)


@pytest.mark.parametrize("address", ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "a"])
def test_an_address_of_another_site_is_not(address):
    assert not navigation.is_local(address)
