"""The program that speaks to the kernel, in network namespaces of the test's own: a bridge joins three machines."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import uuid
from dataclasses import asdict, replace

import pytest
from spaces import Space, run

from sampan_podnetwork.planning import Here, Manner, Plan, hardware_of, plan

CLUSTER, DEVICE = "10.66.0.0/16", "vx0123456789ab"
MANNER = Manner(DEVICE, 4711, 8472)
PLAN_SECONDS = 60


@pytest.fixture
def machines():
    """Makes namespaces joined by a bridge; machine n has address n+1 of the networks in turn, all one broadcast
    domain."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which("ip"):
        pytest.fail("this machine has root but no `ip`: install iproute2 to run this test")
    tag, made = uuid.uuid4().hex[:6], []

    def make(count=2, networks=("192.0.2",)):
        switch = Space(f"sw{tag}")
        made.append(switch)
        switch.ip("link", "add", "br0", "type", "bridge")
        switch.ip("link", "set", "br0", "up")
        for n in range(count):
            space = Space(f"m{tag}{n}")
            made.append(space)
            run(
                "ip",
                "link",
                "add",
                "e0",
                "netns",
                space.name,
                "type",
                "veth",
                "peer",
                "name",
                f"p{n}",
                "netns",
                switch.name,
            )
            space.ip("addr", "add", f"{networks[n % len(networks)]}.{n + 1}/24", "dev", "e0")
            space.ip("link", "set", "e0", "up")
            switch.ip("link", "set", f"p{n}", "master", "br0", "up")
            space.ip("route", "add", "default", "dev", "e0")
        return made[1:]

    yield make
    for space in made:
        space.remove()


def shown(space, *words):
    return run("ip", "-n", space.name, *words)


def node(n, address, runtime="exec"):
    return {
        "metadata": {"name": f"n{n}"},
        "spec": {"podCIDR": f"10.66.{n}.0/24"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}],
            "nodeInfo": {"containerRuntimeVersion": f"{runtime}://1"},
        },
    }


def program(space, wanted):
    made = {**asdict(wanted), "cluster": CLUSTER, "device": DEVICE}
    if wanted.tunnel:
        made["tunnel"]["peers"] = [{**asdict(p), "hardware": hardware_of(p.address)} for p in wanted.tunnel.peers]
    argv = ["ip", "netns", "exec", space.name, sys.executable, "-m", "sampan_podnetwork.kernel"]
    done = subprocess.run(
        argv, input=json.dumps(made), capture_output=True, text=True, timeout=PLAN_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def arrives(sender, receiver, address, *, source="", size=8):
    """Whether a datagram of that size, that no router may split, comes to that address, from the source."""

    def listen():
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.bind((address, 0))
        end.settimeout(30)
        return end

    def send(port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
            if source:
                end.bind((source, 0))
            try:
                end.sendto(b"x" * size, (address, port))
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    return False
                raise
            return True

    end = receiver.do(listen)
    try:
        if not sender.do(lambda: send(end.getsockname()[1])):
            return False
        data, (seen, _) = end.recvfrom(65536)
        assert not source or seen == source
        return len(data) == size
    finally:
        end.close()


def planned(n, nodes, networks, backend="auto", mtu=1500):
    address = nodes[n]["status"]["addresses"][0]["address"]
    return plan(nodes, f"n{n}", Here(address, networks, mtu), replace(MANNER, backend=backend))


def test_pods_reach_each_other_by_routes_and_a_second_time_nothing_is_changed(machines):
    nodes = [node(0, "192.0.2.1"), node(1, "192.0.2.2")]
    spaces = machines()
    for n, space in enumerate(spaces):
        changed = program(space, planned(n, nodes, ["192.0.2.0/24"]))
        assert sorted(changed) == sorted(
            [f"made {DEVICE}", f"route 10.66.{1 - n}.0/24 192.0.2.{2 - n}", f"route 10.66.{n}.0/24 local"]
        )

    assert arrives(spaces[0], spaces[1], "10.66.1.7")
    assert arrives(spaces[1], spaces[0], "10.66.0.9", source="10.66.1.1")
    assert program(spaces[0], planned(0, nodes, ["192.0.2.0/24"])) == []


def test_nodes_of_other_segments_are_reached_by_a_tunnel_whose_packets_fit(machines):
    nodes = [node(0, "192.0.2.1"), node(1, "198.51.100.2")]
    spaces = machines(networks=("192.0.2", "198.51.100"))
    for n, space in enumerate(spaces):
        program(space, planned(n, nodes, [f"{('192.0.2', '198.51.100')[n]}.0/24"]))

    assert arrives(spaces[0], spaces[1], "10.66.1.7", source="10.66.0.1")
    assert arrives(spaces[1], spaces[0], "10.66.0.9")
    largest = 1450 - 28  # IPv4 and UDP: what the tunnel carries without splitting
    assert arrives(spaces[0], spaces[1], "10.66.1.7", size=largest)
    assert not arrives(spaces[0], spaces[1], "10.66.1.7", size=largest + 1)
    assert program(spaces[0], planned(0, nodes, ["192.0.2.0/24"])) == []


def test_each_may_see_the_other_in_its_own_way(machines):
    """The first is connected to the other's network and sends plainly; the other is not, and sends by its tunnel."""
    nodes = [node(0, "192.0.2.1"), node(1, "192.0.2.2")]
    spaces = machines()
    program(spaces[0], planned(0, nodes, ["192.0.2.0/24"]))
    program(spaces[1], planned(1, nodes, []))

    assert arrives(spaces[0], spaces[1], "10.66.1.7")
    assert arrives(spaces[1], spaces[0], "10.66.0.9")


def test_a_node_that_goes_takes_its_routes_and_its_place_in_the_tunnel_with_it(machines):
    nodes = [node(0, "192.0.2.1"), node(1, "192.0.2.2"), node(2, "192.0.2.3")]
    spaces = machines(3)
    program(spaces[0], planned(0, nodes, [], backend="vxlan"))
    assert "10.66.2.0/24" in shown(spaces[0], "route")

    program(spaces[0], planned(0, nodes[:2], [], backend="vxlan"))

    assert "10.66.2.0/24" not in shown(spaces[0], "route")
    known = run("ip", "netns", "exec", spaces[0].name, "bridge", "fdb", "show", "dev", DEVICE)
    assert "192.0.2.2" in known and "192.0.2.3" not in known


def test_another_way_to_the_same_node_replaces_the_first(machines):
    nodes = [node(0, "192.0.2.1"), node(1, "192.0.2.2")]
    spaces = machines()
    for backend in ("vxlan", "route"):
        for n, space in enumerate(spaces):
            program(space, planned(n, nodes, [], backend=backend))
        assert arrives(spaces[0], spaces[1], "10.66.1.7")
        assert (DEVICE in shown(spaces[0], "link")) == (backend == "vxlan")


def test_nothing_is_left_and_routes_of_others_stay(machines):
    nodes = [node(0, "192.0.2.1"), node(1, "192.0.2.2")]
    spaces = machines()
    spaces[0].ip("route", "add", "10.66.200.0/24", "via", "192.0.2.2")
    program(spaces[0], planned(0, nodes, [], backend="vxlan"))

    program(spaces[0], Plan())

    assert "10.66.200.0/24" in shown(spaces[0], "route")
    assert "10.66.1.0/24" not in shown(spaces[0], "route")
    assert "10.66.0.0/24" not in shown(spaces[0], "route", "show", "table", "local")
    assert DEVICE not in shown(spaces[0], "link")
    assert program(spaces[0], Plan()) == []
