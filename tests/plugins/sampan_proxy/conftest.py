"""A node with a pod network and a client outside, in network namespaces of their own."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import threading
import uuid

import pytest
from spaces import InSpace, Space, inside, run


class Net:
    """node (10.50.0.1, 10.244.0.1) between client (10.50.0.2) and pods (10.244.0.2 and .3, serving on 8080)."""

    def __init__(self) -> None:
        tag = f"sp{uuid.uuid4().hex[:6]}"
        self.node, self.client, self.pods = (Space(f"{tag}{part}") for part in "ncp")
        self._join(self.client, "10.50.0.2/24", "10.50.0.1/24", f"{tag}c")
        self._join(self.pods, "10.244.0.2/24", "10.244.0.1/24", f"{tag}p")
        self.pods.ip("addr", "add", "10.244.0.3/24", "dev", f"{tag}p1")
        self.node.ip("route", "add", "default", "via", "10.50.0.2")
        run("ip", "netns", "exec", self.node.name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.stop = threading.Event()
        self.sockets: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        for address in ("10.244.0.2", "10.244.0.3"):
            self.serve(self.pods, address, 8080)
        self.kernel = self.node.do(lambda: InSpace(self.node))

    def _join(self, other: Space, address: str, gateway: str, name: str) -> None:
        run(
            "ip",
            "link",
            "add",
            f"{name}0",
            "netns",
            self.node.name,
            "type",
            "veth",
            "peer",
            f"{name}1",
            "netns",
            other.name,
        )
        self.node.ip("addr", "add", gateway, "dev", f"{name}0")
        self.node.ip("link", "set", f"{name}0", "up")
        other.ip("addr", "add", address, "dev", f"{name}1")
        other.ip("link", "set", f"{name}1", "up")
        other.ip("route", "add", "default", "via", gateway.partition("/")[0])

    def serve(self, space: Space, address: str, port: int) -> None:
        """A TCP and a UDP server that say who they are and whom they see."""
        tcp = space.do(lambda: socket.create_server((address, port)))
        udp = space.do(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((address, port))
        for end in (tcp, udp):
            end.settimeout(0.1)
            self.sockets.append(end)

        def work() -> None:
            while not self.stop.is_set():
                try:
                    connection, peer = tcp.accept()
                    with connection:
                        connection.sendall(f"{address},{peer[0]}".encode())
                except TimeoutError:
                    continue

        def work_udp() -> None:
            while not self.stop.is_set():
                try:
                    _, peer = udp.recvfrom(100)
                    udp.sendto(f"{address},{peer[0]}".encode(), peer)
                except TimeoutError:
                    continue

        for target in (work, work_udp):
            self.threads.append(threading.Thread(target=target))
            self.threads[-1].start()

    def close(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        for end in self.sockets:
            end.close()
        for space in (self.node, self.client, self.pods):
            space.remove()


@pytest.fixture
def net(monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which("ip"):
        pytest.fail("this machine has root but no `ip`: install iproute2 to run this test")
    monkeypatch.setattr("sampan_proxy.passing._iptables", lambda *words: False)  # this machine's Docker is not ours
    monkeypatch.setattr("sampan_proxy.hairpins.PORTS", "none")
    monkeypatch.setattr("sampan_proxy.hairpins.OWN_PORTS", "none")
    found = Net()
    yield found
    found.close()


@pytest.fixture
def outsider():
    """A client on a network of its own, of four addresses, beside this machine, which is its ``gateway``."""
    number = os.getpid() % 16384
    network = ipaddress.ip_network((0x0A350000 + 4 * number, 30))  # of 10.53.0.0/16
    gateway, own = (str(network[each]) for each in (1, 2))
    space = Space(f"sp{uuid.uuid4().hex[:6]}")
    near = f"{space.name}0"
    run("ip", "link", "add", near, "type", "veth", "peer", "eth0", "netns", space.name)
    run("ip", "addr", "add", f"{gateway}/30", "dev", near)
    run("ip", "link", "set", near, "up")
    space.ip("addr", "add", f"{own}/30", "dev", "eth0")
    space.ip("link", "set", "eth0", "up")
    space.ip("route", "add", "default", "via", gateway)
    space.gateway = gateway
    yield space
    space.remove()


@pytest.fixture(name="inside")
def give_inside():
    return inside
