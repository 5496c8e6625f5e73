"""A zone with one Service of each sort, and a DNS server on a free port with a fake resolver behind it."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from dnslib import QTYPE, RR, A, DNSRecord

from sampan_dns.server import Server
from sampan_dns.upstream import Upstream
from sampan_dns.zone import Zone

DOMAIN = "cluster.local"


def service(name: str, namespace: str = "d", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def slice_of(name: str, endpoints: list[Any], ports: Any = (), namespace: str = "d") -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": name}
    metadata = {"name": f"{name}-1", "namespace": namespace, "labels": labels}
    return {"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": list(ports)}


HTTP = {"name": "http", "port": 80, "protocol": "TCP"}
SERVICES = [
    service("web", clusterIP="10.96.0.5", clusterIPs=["10.96.0.5"], ports=[HTTP, {**HTTP, "name": "", "port": 81}]),
    service("set", clusterIP="None", ports=[HTTP]),
    service("empty", clusterIP="None", ports=[HTTP]),
    service("many", clusterIP="None"),
    service("out", type="ExternalName", externalName="www.Example.org."),
    service("alias", type="ExternalName", externalName="web.d.svc.cluster.local"),
    service("loop", type="ExternalName", externalName="loop.d.svc.cluster.local"),
    service("lost", type="ExternalName", externalName="nowhere.d.svc.cluster.local"),
]
SLICES = [
    slice_of("set", [
        {"addresses": ["10.1.0.1"], "hostname": "set-0", "conditions": {"ready": True}},
        {"addresses": ["10.1.0.2"], "conditions": {}},
        {"addresses": ["10.1.0.3"], "conditions": {"ready": False}},
    ], [HTTP]),
    slice_of("many", [{"addresses": [f"10.2.{n // 200}.{n % 200 + 1}"]} for n in range(300)]),
]  # fmt: skip


@pytest.fixture
def zone():
    return Zone(DOMAIN, SERVICES, SLICES)


class Resolver:
    """Answers every A question with 192.0.2.1, or with what ``reply`` says; counts."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0))  # first: far more ports are taken for TCP than for UDP
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(self.tcp.getsockname())
        self.place = self.socket.getsockname()
        self.asked: list[str] = []
        self.reply: Any = self.usual
        self.threads = [threading.Thread(target=work) for work in (self._serve, self._serve_tcp)]
        for thread in self.threads:
            thread.start()

    def usual(self, query: DNSRecord) -> Any:
        answer = query.reply()
        if query.q.qtype == QTYPE.A:
            answer.add_answer(RR(query.q.qname, QTYPE.A, rdata=A("192.0.2.1"), ttl=60))
        return answer

    def _answer(self, data: bytes) -> bytes:
        query = DNSRecord.parse(data)
        self.asked.append(str(query.q.qname))
        answer = self.reply(query)
        return b"" if answer is None else bytes(answer.pack())

    def _serve(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(4096)
            if data == b"end":
                return
            answer = self._answer(data)
            if answer:
                self.socket.sendto(answer, sender)

    def _serve_tcp(self) -> None:
        while True:
            connection, _ = self.tcp.accept()
            with connection, connection.makefile("rb") as stream:
                head = stream.read(2)
                if head == b"\0\0":
                    return
                answer = self._answer(stream.read(int.from_bytes(head, "big")))
                connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", self.place)
        with socket.create_connection(self.place) as connection:
            connection.sendall(b"\0\0")
        for thread in self.threads:
            thread.join()
        self.socket.close()
        self.tcp.close()


@pytest.fixture
def resolver():
    found = Resolver()
    yield found
    found.close()


@pytest.fixture
def second():
    found = Resolver()
    yield found
    found.close()


class Dns:
    """A running server and questions to it."""

    def __init__(self, zone: Zone, resolvers: Any) -> None:
        self.zone = zone
        self.upstream = Upstream(resolvers)
        self.server = Server("127.0.0.1", 0, lambda: self.zone, self.upstream)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        self.place = ("127.0.0.1", self.server.port)

    def ask(self, name: str, kind: str = "A", *, tcp: bool = False) -> DNSRecord:
        query = DNSRecord.question(name, kind)
        answer = DNSRecord.parse(query.send(*self.place, tcp=tcp, timeout=60))
        assert answer.header.id == query.header.id
        return answer

    def data(self, name: str, kind: str = "A", **more: Any) -> list[str]:
        return sorted(str(rr.rdata) for rr in self.ask(name, kind, **more).rr)

    def raw(self, packet: bytes, *, seconds: float = 60) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.settimeout(seconds)
            end.sendto(packet, self.place)
            return end.recv(65535)

    def close(self) -> None:
        self.server.stop()
        self.thread.join()


@pytest.fixture
def make_dns(zone):
    made = []

    def make(*resolvers: Any) -> Dns:
        made.append(Dns(zone, list(resolvers)))
        return made[-1]

    yield make
    for dns in made:
        dns.close()


@pytest.fixture
def dns(make_dns, resolver):
    return make_dns(resolver.place)
