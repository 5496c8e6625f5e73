"""Health check node ports, asked over TCP."""

from __future__ import annotations

import http.client
import json
import socket

import pytest
from ports import free_port

from sampan_proxy.healthchecks import HealthChecks


@pytest.fixture
def checks():
    found = HealthChecks("127.0.0.1")
    yield found
    found.close()


def asked(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.getheader("X-Load-Balancing-Endpoint-Weight"), json.loads(answer.read())
    finally:
        connection.close()


def test_with_endpoints_on_the_node_it_is_healthy_and_without_it_is_not(checks):
    port = free_port()
    checks.apply({port: (("d", "web"), 2)})
    status, weight, body = asked(port)
    assert (status, weight) == (200, "2")
    assert body == {
        "service": {"namespace": "d", "name": "web"}, "localEndpoints": 2, "serviceProxyHealthy": True
    }  # fmt: skip

    checks.apply({port: (("d", "web"), 0)})
    assert asked(port)[0] == 503


def test_ports_come_and_go(checks):
    one, other = free_port(), free_port()
    checks.apply({one: (("d", "a"), 1)})
    checks.apply({other: (("d", "b"), 1)})
    assert asked(other)[2]["service"]["name"] == "b"
    with pytest.raises(ConnectionRefusedError):
        asked(one)


def test_a_port_in_use_is_passed_over_and_the_others_answer(checks, caplog):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number, other = taken.getsockname()[1], free_port()
        checks.apply({number: (("d", "a"), 1), other: (("d", "b"), 1)})
        assert asked(other)[0] == 200
        assert str(number) in caplog.text


def test_clients_that_hang_up_do_not_keep_others_from_an_answer(checks):
    port = free_port()
    checks.apply({port: (("d", "web"), 1)})
    for _ in range(3):
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    assert asked(port)[0] == 200
