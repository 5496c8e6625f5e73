from __future__ import annotations

from sampan_podnetwork.leftovers import of_devices, of_tables


def test_tables_are_known_by_their_names():
    (found,) = of_tables("table ip nat\ntable ip sampan_0123456789ab\ntable ip sampanpn_0123456789ab\n")

    assert found.home_id == "0123456789ab" and found.remove == "nft delete table ip sampanpn_0123456789ab"


def test_tunnels_are_known_by_theirs_and_others_are_not_ours(tmp_path):
    for name in ("vx0123456789ab", "vxlan0", "eth0"):
        (tmp_path / name).mkdir()

    (found,) = of_devices(str(tmp_path))
    assert (found.home_id, found.remove) == ("0123456789ab", "ip link delete vx0123456789ab")
