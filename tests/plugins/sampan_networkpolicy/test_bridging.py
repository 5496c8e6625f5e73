from __future__ import annotations

import sys

import pytest

from sampan_networkpolicy.bridging import calls_filter, hardware


@pytest.fixture
def machine(tmp_path):
    net, proc = tmp_path / "sys/class/net", tmp_path / "proc/net"
    proc.mkdir(parents=True)
    for name, address in (("docker0", "02:42:00:00:00:01"), ("eth0", "02:00:00:00:00:02")):
        (net / name).mkdir(parents=True)
        (net / name / "address").write_text(f"{address}\n")
    (net / "docker0" / "bridge").mkdir()

    def number(*parts):
        return f"{int.from_bytes(bytes(parts), sys.byteorder):08X}"

    (proc / "route").write_text(
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        f"eth0 {number(0, 0, 0, 0)} {number(192, 0, 2, 1)} 3 0 0 0 {number(0, 0, 0, 0)} 0 0 0\n"
        f"eth0 {number(192, 0, 2, 0)} 00000000 1 0 0 0 {number(255, 255, 255, 0)} 0 0 0\n"
        f"docker0 {number(172, 17, 0, 0)} 00000000 1 0 0 0 {number(255, 255, 0, 0)} 0 0 0\n"
    )
    rest = "00 " + "0" * 32 + " 00 " + "0" * 32 + " 00000100 00000001 00000000 00000001"
    (proc / "ipv6_route").write_text(
        f"fd170000000000000000000000000000 40 {'0' * 32} {rest} docker0\n"
        f"fe800000000000000000000000000000 40 {'0' * 32} {rest} docker0\n"
    )
    return tmp_path


def test_pods_behind_a_bridge_have_its_hardware_address(machine):
    found = hardware(["172.17.0.9", "192.0.2.7", "10.1.1.1", "fd17::5", "fe80::1"], str(machine))
    assert found == {"172.17.0.9": "02:42:00:00:00:01", "fd17::5": "02:42:00:00:00:01"}


def test_without_the_files_nothing_is_found(tmp_path):
    assert hardware(["172.17.0.9"], str(tmp_path)) == {}
    assert not calls_filter(str(tmp_path))


def test_whether_bridged_frames_pass_the_filter_is_read_from_the_kernel(tmp_path):
    switch = tmp_path / "proc/sys/net/bridge/bridge-nf-call-iptables"
    switch.parent.mkdir(parents=True)
    switch.write_text("1\n")
    assert calls_filter(str(tmp_path))
