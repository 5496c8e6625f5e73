import json

import pytest

from sampan_cni import conflist


def built(*chained, **more):
    return json.loads(conflist.build("abcdef123456", ["10.244.1.0/24", "fd00::/64"], chained, data="/d", **more))


def test_a_bridge_of_this_homes_own_comes_first():
    found = built()

    (bridge,) = found["plugins"]
    assert (found["name"], found["cniVersion"]) == ("sampan-abcdef123456", "1.0.0")
    assert (bridge["bridge"], bridge["hairpinMode"], bridge["ipMasq"]) == ("cniabcdef123456", True, False)
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.244.1.0/24"}], [{"subnet": "fd00::/64"}]]
    assert bridge["ipam"]["dataDir"] == "/d"
    assert "mtu" not in bridge


def test_what_is_chained_keeps_its_order_and_takes_what_the_runtime_knows():
    found = built("firewall", "bandwidth", "portmap", mtu=1450, masquerade=True)

    assert [one["type"] for one in found["plugins"]] == ["bridge", "portmap", "bandwidth", "firewall"]
    assert found["plugins"][1]["capabilities"] == {"portMappings": True}
    assert (found["plugins"][0]["mtu"], found["plugins"][0]["ipMasq"]) == (1450, True)


def test_names_fit_the_kernel_and_come_before_others():
    assert len(conflist.bridge_name("a" * 40)) == 15
    assert conflist.file_name("x") < "10-flannel.conflist"


@pytest.mark.parametrize(
    ("settings", "spec", "ranges"),
    [
        ("10.9.0.0/24", {"podCIDR": "10.244.1.0/24"}, ["10.9.0.0/24"]),
        ("", {"podCIDR": "10.244.1.0/24"}, ["10.244.1.0/24"]),
        ("", {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "fd00::/64"]}, ["10.244.1.0/24", "fd00::/64"]),
        ("", {}, []),
    ],
)
def test_ranges_are_the_settings_or_the_nodes(settings, spec, ranges):
    assert conflist.ranges(settings, {"spec": spec}) == ranges
