from __future__ import annotations

from sampan_runtime.interfaces import connected, mtu_of, mtu_towards, pod_mtu

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LINES = (
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "wide\t00000AC0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "eth0\t0007330A\t020200C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
)


def machine(tmp_path, mtu="1400"):
    for path, text in (("proc/net/route", HEAD + LINES), ("sys/class/net/eth0/mtu", f"{mtu}\n")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return str(tmp_path)


def test_networks_that_need_no_next_hop_are_connected_the_narrowest_first(tmp_path):
    found = [(str(network), name) for network, name in connected(machine(tmp_path))]

    assert found == [("192.0.2.0/24", "eth0"), ("192.10.0.0/16", "wide")]


def test_packets_of_pods_fit_into_the_tunnel(tmp_path):
    assert mtu_towards("192.0.2.7", machine(tmp_path)) == 1400
    assert pod_mtu("192.0.2.7", str(tmp_path)) == 1350


def test_what_is_not_known_is_as_usual(tmp_path):
    root = machine(tmp_path, "none")

    assert mtu_of("eth0", root) == mtu_of("gone", root) == 1500
    assert mtu_towards("203.0.113.1", root) == mtu_towards("", root) == 1500
    assert list(connected(str(tmp_path / "nothing"))) == []
