"""Services without the packet filter: real sockets on loopback addresses."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading

import pytest

from sampan_proxy.forwarding import Forwarding
from sampan_proxy.wanted import Backend, BackendSet, Frontend


class Place:
    """A TCP and a UDP server on one loopback address; says its name, then gives back what it is told."""

    def __init__(self, address: str) -> None:
        self.tcp = socket.create_server((address, 0))
        self.backend = Backend(address, self.tcp.getsockname()[1])
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.backend)
        self.threads = [threading.Thread(target=work) for work in (self._tcp, self._udp)]
        for thread in self.threads:
            thread.start()

    def _tcp(self) -> None:
        while True:
            connection, _ = self.tcp.accept()
            with connection, contextlib.suppress(OSError):  # the client may have been cut off
                told = connection.makefile("rb").read()
                if told == b"end":
                    return
                connection.sendall(self.backend.address.encode() + b" " + told)

    def _udp(self) -> None:
        while True:
            data, sender = self.udp.recvfrom(2000)
            if data == b"end":
                return
            self.udp.sendto(self.backend.address.encode() + b" " + data, sender)

    def close(self) -> None:
        with socket.create_connection(self.backend) as connection:
            connection.sendall(b"end")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", self.backend)
        for thread in self.threads:
            thread.join()
        self.tcp.close()
        self.udp.close()


@pytest.fixture
def places():
    found = [Place("127.77.0.1"), Place("127.77.0.2")]
    yield found
    for place in found:
        place.close()


@pytest.fixture
def refused():
    return []


@pytest.fixture
def forwarding(refused):
    found = Forwarding("127.0.0.1", lambda front, why: refused.append((front, why)))
    yield found
    found.close()


def free_port() -> int:
    with socket.create_server(("127.96.0.5", 0)) as end:
        return int(end.getsockname()[1])


@pytest.fixture
def front():
    return Frontend("127.96.0.5", "tcp", free_port())


def tell(front: Frontend, text: bytes = b"hi") -> str:
    with socket.create_connection((front.address, front.port), 60) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read().decode()


def names(front: Frontend, times: int = 20) -> set[str]:
    return {tell(front).split()[0] for _ in range(times)}


def test_bytes_pass_both_ways_and_the_end_is_passed_on(forwarding, places, front):
    forwarding.apply({front: BackendSet((places[0].backend,))})
    text = b"x" * 1_000_000
    assert tell(front, text) == "127.77.0.1 " + text.decode()


def test_backends_share_and_changes_count_for_the_next_connection(forwarding, places, front):
    one, two = (place.backend for place in places)
    forwarding.apply({front: BackendSet((one, two))})
    assert names(front, 40) == {"127.77.0.1", "127.77.0.2"}
    forwarding.apply({front: BackendSet((two,))})
    assert names(front) == {"127.77.0.2"}


def test_a_dead_backend_is_passed_over(forwarding, places, front):
    forwarding.apply({front: BackendSet((Backend("127.77.0.9", 1), places[0].backend))})
    assert names(front) == {"127.77.0.1"}


def test_with_affinity_a_client_stays(forwarding, places, front):
    forwarding.apply({front: BackendSet(tuple(place.backend for place in places), 60)})
    assert len(names(front)) == 1


def test_without_backends_the_connection_is_cut_and_without_a_front_refused(forwarding, front):
    forwarding.apply({front: BackendSet(())})
    with pytest.raises(OSError) as cut:  # which of the two depends on who was faster
        tell(front)
    assert cut.value.errno in (errno.ECONNRESET, errno.ENOTCONN)
    forwarding.apply({})
    with pytest.raises(ConnectionRefusedError):
        tell(front)


def test_udp_passes_with_a_flow_for_each_client(forwarding, places, front):
    udp = front._replace(protocol="udp")
    forwarding.apply({udp: BackendSet(tuple(place.backend for place in places))})
    for _ in range(10):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(60)
            client.connect((udp.address, udp.port))
            for number in range(5):
                client.send(b"%d" % number)
            answers = {client.recv(100).decode() for _ in range(5)}
        assert len({answer.split()[0] for answer in answers}) == 1
        assert {answer.split()[1] for answer in answers} == set("01234")


def test_a_taken_port_is_told_once_and_tried_again_when_the_front_comes_back(forwarding, refused, places, front):
    with socket.create_server((front.address, front.port)):
        for _ in range(3):
            forwarding.apply({front: BackendSet((places[0].backend,))})
        assert len(refused) == 1
        assert refused[0][0] == front
        assert "in use" in refused[0][1]
    forwarding.apply({})
    forwarding.apply({front: BackendSet((places[0].backend,))})
    assert names(front) == {"127.77.0.1"}


def test_what_cannot_be_forwarded_is_told(forwarding, refused, front):
    forwarding.apply({front._replace(protocol="sctp"): BackendSet(())})
    assert "cannot be forwarded" in refused[0][1]


def test_closing_cuts_open_connections(refused, places, front):
    forwarding = Forwarding("127.0.0.1", lambda front, why: refused.append(front))
    forwarding.apply({front: BackendSet((places[0].backend,))})
    with socket.create_connection((front.address, front.port), 60) as connection:
        connection.sendall(b"hello")
        forwarding.close()
        connection.settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(10) == b""
    assert not forwarding._thread.is_alive()
