"""A node with a bridge and pods on it, and a machine outside, in network namespaces of their own."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import uuid

import pytest
from spaces import InSpace, Space, run


class Bridged:
    """Pods a, b, c (10.9.0.2 to .4) on the bridge of a node (10.9.0.1), and outside (10.51.0.2). All serve TCP on 80
    and 81, and UDP on 80."""

    def __init__(self, filtered: bool) -> None:
        self.filtered = filtered
        self.tag = f"np{uuid.uuid4().hex[:5]}"
        self.node = Space(f"{self.tag}n")
        self.stop = threading.Event()
        self.sockets: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self.node.ip("link", "add", "br0", "type", "bridge")
        self.node.ip("addr", "add", "10.9.0.1/24", "dev", "br0")
        self.node.ip("link", "set", "br0", "up")
        enter = ("ip", "netns", "exec", self.node.name, "sysctl", "-qw")
        run(*enter, "net.ipv4.ip_forward=1")
        if os.path.isdir("/proc/sys/net/bridge"):
            run(*enter, f"net.bridge.bridge-nf-call-iptables={int(filtered)}")
        self.spaces = {name: self._pod(name, f"10.9.0.{number}") for number, name in enumerate("abc", 2)}
        self.spaces["out"] = self._outside()
        self.spaces["node"] = self.node
        self.addresses = {"a": "10.9.0.2", "b": "10.9.0.3", "c": "10.9.0.4", "out": "10.51.0.2", "node": "10.9.0.1"}
        for name, space in self.spaces.items():
            for port in (80, 81):
                self._serve(space, self.addresses[name], port)
        self.kernel = self.node.do(lambda: InSpace(self.node))

    def _link(self, space: Space, near: str) -> None:
        ends = ("link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", space.name)
        self.node.ip(*ends)
        self.node.ip("link", "set", near, "up")
        space.ip("link", "set", "eth0", "up")

    def _pod(self, name: str, address: str) -> Space:
        space = Space(f"{self.tag}{name}")
        self._link(space, f"v{name}")
        self.node.ip("link", "set", f"v{name}", "master", "br0")
        space.ip("addr", "add", f"{address}/24", "dev", "eth0")
        space.ip("route", "add", "default", "via", "10.9.0.1")
        return space

    def _outside(self) -> Space:
        space = Space(f"{self.tag}o")
        self._link(space, "vout")
        self.node.ip("addr", "add", "10.51.0.1/24", "dev", "vout")
        space.ip("addr", "add", "10.51.0.2/24", "dev", "eth0")
        space.ip("route", "add", "default", "via", "10.51.0.1")
        return space

    def _serve(self, space: Space, address: str, port: int) -> None:
        tcp = space.do(lambda: socket.create_server((address, port)))
        udp = space.do(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((address, port))
        for end in (tcp, udp):
            end.settimeout(0.1)
            self.sockets.append(end)
        for work in (self._answer, self._answer_udp):
            self.threads.append(threading.Thread(target=work, args=(tcp if work == self._answer else udp,)))
            self.threads[-1].start()

    def _answer(self, tcp: socket.socket) -> None:
        open_ones = []
        while not self.stop.is_set():
            try:
                connection, _ = tcp.accept()
            except TimeoutError:
                continue
            open_ones.append(connection)
            connection.sendall(b"here")
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()
        for connection in open_ones:
            connection.close()

    def _echo(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(100):
                connection.sendall(data)
        except OSError:
            return

    def _answer_udp(self, udp: socket.socket) -> None:
        while not self.stop.is_set():
            try:
                _, peer = udp.recvfrom(100)
                udp.sendto(b"here", peer)
            except TimeoutError:
                continue

    def connect(self, source: str, target: str, port: int = 80) -> socket.socket:
        """A connection that was answered; raises TimeoutError when packets are dropped."""
        where = self.addresses.get(target, target), port

        def work() -> socket.socket:
            connection = socket.create_connection(where, 0.4)
            assert connection.recv(4) == b"here"
            return connection

        found: socket.socket = self.spaces[source].do(work)
        return found

    def reaches(self, source: str, target: str, port: int = 80, protocol: str = "tcp") -> bool:
        if protocol == "udp":
            return self._reaches_udp(source, target, port)
        try:
            self.connect(source, target, port).close()
        except TimeoutError:
            return False
        return True

    def _reaches_udp(self, source: str, target: str, port: int) -> bool:
        def work() -> bool:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.settimeout(0.4)
                end.sendto(b"?", (self.addresses[target], port))
                try:
                    return end.recv(100) == b"here"
                except TimeoutError:
                    return False

        return bool(self.spaces[source].do(work))

    def close(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        for end in self.sockets:
            end.close()
        for space in self.spaces.values():
            space.remove()


@pytest.fixture(params=[True, False], ids=["br_netfilter", "without br_netfilter"])
def bridged(request):
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which("ip"):
        pytest.fail("this machine has root but no `ip`: install iproute2 to run this test")
    found = Bridged(request.param)
    yield found
    found.close()
