"""What clients speak to pods besides kubectl's WebSockets, against a real cluster; and a Service for two protocols."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import subprocess
import sys
import threading

import pytest
import websocket
from clusters import Cluster, free_port, until

ECHO = """
import os, socket, threading
ip = os.environ["IP"]
tcp = socket.create_server((ip, 8080))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind((ip, 8080))
def datagrams():
    while True:
        data, who = udp.recvfrom(100); udp.sendto(b"udp " + data, who)
threading.Thread(target=datagrams, daemon=True).start()
while True:
    with tcp.accept()[0] as sock: sock.sendall(b"tcp " + sock.recv(100))
"""


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def pod(cluster, name, script, **container):
    """A running pod of one Python program that knows its address."""
    env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    made = cluster.pod(name, "", container={"image": "python:3", "env": env, **container})
    made["spec"]["containers"][0]["command"] = [sys.executable, "-c", script]
    cluster.apply(made)
    cluster.kubectl("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=120s")


def asked(cluster, path, *protocols):
    """A WebSocket to the API server as the cluster's admin."""
    authority = str(cluster.home / "pki" / "ca.crt")
    return websocket.create_connection(
        f"wss://127.0.0.1:{cluster.port}{path}", subprotocols=list(protocols) or None, timeout=120,
        header=["Authorization: Bearer e2e-token"], sslopt={"ca_certs": authority, "cert_reqs": ssl.CERT_REQUIRED},
    )  # fmt: skip


@pytest.mark.parametrize(("protocol", "encoded"), [("binary.k8s.io", False), ("base64.binary.k8s.io", True)])
def test_logs_come_over_a_websocket(cluster, namespace, protocol, encoded):
    pod(cluster, "talker", "import time; print('first', flush=True); print('second', flush=True); time.sleep(1000)")
    path = f"/api/v1/namespaces/{namespace}/pods/talker/log?follow=true"
    until(lambda: "second" in cluster.kubectl("logs", "talker"))

    said = b""
    sock = asked(cluster, path, protocol)
    while b"second\n" not in said:
        piece = sock.recv()
        said += base64.b64decode(piece) if encoded else piece if isinstance(piece, bytes) else piece.encode()
    sock.close()

    assert said == b"first\nsecond\n"


def test_an_exec_that_asks_for_no_stream_is_a_bad_request(cluster, namespace):
    pod(cluster, "box", "import time; time.sleep(1000)")

    for verb in ("exec?command=true&", "attach?"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            asked(cluster, f"/api/v1/namespaces/{namespace}/pods/box/{verb}tty=true", "v4.channel.k8s.io")
        assert refused.value.status_code == 400


def test_a_log_s_stream_cannot_be_chosen(cluster, namespace):
    pod(cluster, "box", "import time; time.sleep(1000)")

    path = f"/api/v1/namespaces/{namespace}/pods/box/log?stream=Stdout"
    assert "may not be specified" in cluster.kubectl("get", "--raw", path, check=False)


@pytest.mark.parametrize("verb", ["exec", "attach"])
def test_kubectl_speaks_spdy(cluster, namespace, monkeypatch, verb):
    monkeypatch.setenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "false")
    script = "import sys; [print('got', line.strip(), flush=True) for line in sys.stdin]"
    pod(cluster, "reader", script, stdin=True)

    if verb == "exec":
        big = "line of text\n" * 100_000  # more than all buffers on the way hold, both ways at once
        assert cluster.kubectl("exec", "-i", "reader", "--", "cat", input=big) == big
        assert "exit code 7" in cluster.kubectl("exec", "reader", "--", "sh", "-c", "exit 7", check=False)
    else:
        attached = cluster.popen("attach", "-i", "reader", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            attached.stdin.write("fish\n")
            attached.stdin.flush()
            until(lambda: "got fish" in cluster.kubectl("logs", "reader"))
            assert attached.stdout.readline() == "got fish\n"
        finally:
            attached.terminate()
            attached.communicate()


def test_kubectl_forwards_ports_over_spdy(cluster, namespace, monkeypatch):
    monkeypatch.setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false")
    pod(cluster, "echo", ECHO, readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1})
    port = free_port()
    forward = cluster.popen(
        "port-forward", "pod/echo", f"{port}:8080", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert "Forwarding from" in forward.stdout.readline()
        threads = [
            threading.Thread(target=lambda: answers.append(said("tcp", "127.0.0.1", port, 120))) for _ in range(8)
        ]
        answers = []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(150)
        assert answers == [b"tcp hello"] * 8
    finally:
        forward.terminate()
        forward.communicate()


def said(protocol, host, port, seconds=2):
    """The answer to a hello, b"" for none."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(seconds)
        try:
            sock.connect((host, port))
            sock.sendall(b"hello")
            return sock.recv(100)
        except OSError:
            return b""


def test_one_port_number_serves_two_protocols_and_either_goes_alone(cluster, namespace):
    pod(cluster, "echo", ECHO, readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1})
    ports = [
        {"name": f"{one}-port", "port": 8080, "protocol": one.upper(), "targetPort": 8080} for one in ("tcp", "udp")
    ]
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "both"},
        "spec": {"selector": {"run": "echo"}, "ports": ports},
    }  # fmt: skip

    made = False  # kubectl apply knows ports by their number alone, here as upstream
    for wanted in ({"tcp", "udp"}, {"tcp"}, {"udp"}, {"tcp", "udp"}):
        service["spec"]["ports"] = [port for port in ports if port["protocol"].lower() in wanted]
        cluster.kubectl("replace" if made else "create", "-f", "-", input=json.dumps(service))
        made = True
        address = cluster.get("service", "both")["spec"]["clusterIP"]
        until(lambda: {one for one in ("tcp", "udp") if said(one, address, 8080)} == wanted, why=str(wanted))  # noqa: B023
        until(lambda: told(cluster) == wanted, why=f"{wanted} in the Endpoints, which have a controller of their own")  # noqa: B023


def told(cluster):
    """The protocols in the Endpoints of the Service."""
    subsets = cluster.get("endpoints", "both").get("subsets") or ()
    return {port["protocol"].lower() for subset in subsets for port in subset["ports"]}
