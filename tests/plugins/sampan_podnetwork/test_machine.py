from __future__ import annotations

from sampan_podnetwork.machine import here, let_forward

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LINES = (
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "sn1\t0000F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
)


def machine(tmp_path, forwards="0"):
    for path, text in (
        ("proc/net/route", HEAD + LINES), ("sys/class/net/eth0/mtu", "9000\n"),
        ("proc/sys/net/ipv4/ip_forward", f"{forwards}\n"),
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return str(tmp_path)


def test_a_machine_knows_its_networks_without_the_bridge_of_its_own_pods(tmp_path):
    found = here("192.0.2.1", "10.244.0.0/16", machine(tmp_path))

    assert (found.address, list(found.networks), found.mtu) == ("192.0.2.1", ["192.0.2.0/24"], 9000)


def test_packets_are_let_through_once(tmp_path):
    root = machine(tmp_path)

    assert let_forward(root)
    assert not let_forward(root)
