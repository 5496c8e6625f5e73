"""Addresses and their announcement in a real kernel: a node and its neighbour, each in a network namespace."""

from __future__ import annotations

import os
import socket
import struct
import sys
import uuid

import pytest
from spaces import InSpace, Space

from sampan_loadbalancer import interfaces
from sampan_loadbalancer.holding import guard_rules
from sampan_testing.cluster import until


@pytest.fixture
def net():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    tag = f"lb{uuid.uuid4().hex[:6]}"
    node, neighbour = Space(f"{tag}n"), Space(f"{tag}x")
    node.ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", neighbour.name)
    for space, name, address in ((node, "near", "10.52.0.1/24"), (neighbour, "far", "10.52.0.2/24")):
        space.ip("addr", "add", address, "dev", name)
        space.ip("link", "set", name, "up")
    until(lambda: node.is_up("near") and neighbour.is_up("far"))
    yield node, neighbour
    node.remove()
    neighbour.remove()


def reaches(space, address, port, seconds=30.0):
    def work():
        try:
            socket.create_connection((address, port), seconds).close()
        except ConnectionRefusedError:
            return "refused"
        except OSError:
            return "lost"
        return "open"

    return space.do(work)


@pytest.mark.root
def test_an_address_is_added_once_reached_by_neighbours_and_removed(net):
    node, neighbour = net
    server = node.do(lambda: socket.create_server(("0.0.0.0", 8080)))
    with server:
        assert reaches(neighbour, "10.52.0.9", 8080, 0.5) == "lost"
        assert node.do(lambda: interfaces.add("10.52.0.9", "near")) is True
        assert node.do(lambda: interfaces.add("10.52.0.9", "near")) is False
        neighbour.ip("neigh", "flush", "all")  # what it learnt while none answered
        assert reaches(neighbour, "10.52.0.9", 8080) == "open"

        node.do(lambda: interfaces.remove("10.52.0.9", "near"))
        node.do(lambda: interfaces.remove("10.52.0.9", "near"))
        neighbour.ip("neigh", "flush", "all")
        assert reaches(neighbour, "10.52.0.9", 8080, 0.5) == "lost"


@pytest.mark.root
def test_the_nodes_own_servers_do_not_answer_at_the_address(net):
    node, neighbour = net
    kernel = node.do(lambda: InSpace(node))
    kernel.run(guard_rules("t", {"10.52.0.9"}))
    node.do(lambda: interfaces.add("10.52.0.9", "near"))
    with node.do(lambda: socket.create_server(("0.0.0.0", 8080))):
        assert reaches(neighbour, "10.52.0.9", 8080) == "refused"
        assert reaches(neighbour, "10.52.0.1", 8080) == "open"


@pytest.mark.root
def test_neighbours_hear_where_the_address_is(net, monkeypatch, tmp_path):
    node, neighbour = net
    heard = neighbour.do(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)))
    heard.settimeout(60)
    monkeypatch.setattr(
        interfaces, "Path", lambda text: tmp_path / "address"
    )  # /sys is of the namespace it was mounted in
    (tmp_path / "address").write_text("02:00:00:00:00:07\n")
    with heard:
        node.do(lambda: interfaces.announce("10.52.0.9", "near"))
        frames = [heard.recv(100) for _ in range(2)]
    mac = bytes.fromhex("020000000007")
    assert {struct.unpack("!H", frame[20:22])[0] for frame in frames} == {1, 2}
    assert all(frame[22:32] == mac + socket.inet_aton("10.52.0.9") for frame in frames)


def test_an_address_belongs_to_the_interface_whose_network_has_it(tmp_path):
    def number(*parts):
        return f"{int.from_bytes(bytes(parts), sys.byteorder):08X}"

    route = tmp_path / "proc/net/route"
    route.parent.mkdir(parents=True)
    route.write_text(
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        f"eth0 {number(0, 0, 0, 0)} {number(192, 0, 2, 254)} 3 0 0 0 {number(0, 0, 0, 0)} 0 0 0\n"
        f"eth0 {number(192, 0, 2, 0)} 00000000 1 0 0 0 {number(255, 255, 255, 0)} 0 0 0\n"
        f"eth1 {number(192, 0, 2, 128)} 00000000 1 0 0 0 {number(255, 255, 255, 128)} 0 0 0\n"
    )
    found = [interfaces.interface_of(address, str(tmp_path)) for address in ("192.0.2.7", "192.0.2.200", "10.0.0.1")]
    assert found == ["eth0", "eth1", "lo"]
    assert interfaces.interface_of("10.0.0.1", str(tmp_path / "none")) == "lo"


def test_the_announcement_is_a_frame_to_everybody():
    frame = interfaces.arp(1, "192.0.2.1", bytes.fromhex("020000000001"))
    assert len(frame) == 42
    assert frame[:14] == b"\xff" * 6 + bytes.fromhex("0200000000010806")
