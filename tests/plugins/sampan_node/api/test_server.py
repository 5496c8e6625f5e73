import base64
import http.client
import json
import os
import socket
import struct
import time
from types import SimpleNamespace

import pytest

from sampan_node.api.server import Server, is_allowed
from sampan_node.pod.machine import PodMemory, RuntimeState
from sampan_node.pod.status import terminated
from sampan_runtime.contracts import Container


class FakeStream:
    """Echoes its input until it is closed; the command's exit code is the length of it."""

    def __init__(self):
        self.read, self.write = os.pipe()
        self.size, self.told = 0, []

    def output(self):
        while data := os.read(self.read, 4096):
            self.size += len(data)
            yield 1, data

    def send(self, data):
        os.write(self.write, data)

    def close_input(self):
        if self.write >= 0:
            os.close(self.write)
            self.write = -1

    def resize(self, width, height):
        self.told.append((width, height))

    def exit_code(self):
        return self.size

    def close(self):
        self.close_input()
        if self.read >= 0:
            os.close(self.read)
            self.read = -1


class FakeRuntime:
    name = "fake"

    def __init__(self):
        self.stream, self.asked = FakeStream(), []

    def logs(self, container_id, **options):
        self.asked.append((container_id, options))
        return iter([(1_500_000_001, 1, b"one\n"), (0, 0, b""), (2_000_000_000, 2, b"two\n")])

    def exec(self, container_id, command, *, stdin, tty):
        self.asked.append((container_id, command, stdin, tty))
        return self.stream

    def usage(self):
        return []

    def containers(self, pod_uid=""):
        return []


def container(identifier, attempt, state):
    return Container(identifier, "s", "u", "main", attempt, state, "i", "i", 1.0, 2.0, 3.0)


@pytest.fixture
def runtime():
    return FakeRuntime()


@pytest.fixture
def server(runtime):
    seen = RuntimeState(None, [container("old", 0, "exited"), container("new", 1, "running")])
    pod = {"metadata": {"name": "web", "namespace": "default", "uid": "u"}, "spec": {"containers": [{"name": "main"}]}}
    worker = SimpleNamespace(pod=pod, see=lambda: seen, memory=PodMemory(), gone=False)
    agent = SimpleNamespace(
        host=SimpleNamespace(runtime=runtime, name="n1"), workers=lambda: [worker], volumes=dict,
        find=lambda namespace, name: worker if (namespace, name) == ("default", "web") else None,
    )  # fmt: skip
    server = Server(agent, address="127.0.0.1", port=0, pki="")
    server.start()
    yield server
    server.stop()


def get(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_it_is_healthy(server):
    assert get(server, "/healthz") == (200, b"ok")


def test_logs_come_as_text_with_or_without_times(server, runtime):
    assert get(server, "/containerLogs/default/web/main?tailLines=5") == (200, b"one\ntwo\n")
    assert runtime.asked == [("new", {"follow": False, "since": 0, "tail": 5})]
    assert get(server, "/containerLogs/default/web/main?timestamps=true")[1].startswith(
        b"1970-01-01T00:00:01.500000001Z one\n"
    )


def test_logs_can_be_of_the_run_before_and_limited(server, runtime):
    assert get(server, "/containerLogs/default/web/main?previous=true&limitBytes=5") == (200, b"one\nt")
    assert runtime.asked[0][0] == "old"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/containerLogs/default/none/main", 404),
        ("/containerLogs/default/web/none", 404),
        ("/containerLogs/default/web/main?tailLines=x", 400),
        ("/containerLogs/default/web/main?tailLines=-1", 400),
        ("/exec/default/web/main?command=a", 400),
        ("/portForward/default/web", 400),
        ("/nothing", 404),
    ],
)
def test_what_cannot_be_is_refused_in_words(server, path, code):
    status, body = get(server, path)

    assert status == code
    assert body


def test_pods_and_stats_are_json(server):
    assert json.loads(get(server, "/pods")[1])["items"][0]["metadata"]["name"] == "web"
    assert json.loads(get(server, "/stats/summary")[1])["node"]["nodeName"] == "n1"
    assert b"node_cpu_usage_seconds_total" in get(server, "/metrics/resource")[1]


class WebSocketClient:
    def __init__(self, port, path, protocol):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        key = base64.b64encode(b"0123456789abcdef").decode()
        head = (
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
        )
        self.socket.sendall(head.encode())
        self.file = self.socket.makefile("rb")
        self.head = b"".join(iter(self.file.readline, b"\r\n"))

    def send(self, data):
        mask = b"\1\2\3\4"
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.socket.sendall(bytes([0x82, 0x80 | len(data)]) + mask + body)

    def receive(self):
        first, size = self.file.read(2)
        if size > 125:  # the length follows
            form = "!H" if size == 126 else "!Q"
            size = struct.unpack(form, self.file.read(struct.calcsize(form)))[0]
        return first & 15, self.file.read(size)

    def close(self):
        self.file.close()
        self.socket.close()


def test_exec_carries_channels_and_ends_with_a_status(server, runtime):
    client = WebSocketClient(
        server.port, "/exec/default/web/main?command=a&command=b&stdin=1&stdout=1", "v5.channel.k8s.io"
    )

    client.send(b'\4{"Width":80,"Height":24}')
    client.send(b"\0hello")
    assert client.receive() == (2, b"\1hello")
    client.send(b"\xff\0")
    kind, status = client.receive()

    assert b"101" in client.head
    assert b"v5.channel.k8s.io" in client.head
    assert (kind, status[:1]) == (2, b"\3")
    assert json.loads(status[1:])["details"]["causes"] == [{"reason": "ExitCode", "message": "5"}]
    assert client.receive()[0] == 8
    assert runtime.asked == [("new", ["a", "b"], True, False)]
    assert runtime.stream.told == [(80, 24)]
    client.close()


def test_the_plain_protocol_gets_no_success_status(server, runtime):
    client = WebSocketClient(server.port, "/exec/default/web/main?command=a&stdin=1", "channel.k8s.io")

    client.send(b"\xff\0")

    assert client.receive()[0] == 8
    client.close()


def test_only_the_api_server_and_masters_are_let_in():
    def certificate(**parts):
        return {"subject": tuple(((key, value),) for key, value in parts.items())}

    assert is_allowed(certificate(commonName="kube-apiserver-kubelet-client"))
    assert is_allowed(certificate(commonName="me", organizationName="system:masters"))
    assert not is_allowed(certificate(commonName="system:node:n1", organizationName="system:nodes"))
    assert not is_allowed(None)


def test_a_terminated_container_always_has_a_reason():
    assert terminated(container("a", 0, "exited"), "fake", {})["reason"] == "Completed"


def test_a_client_that_does_not_speak_tls_is_counted_and_writes_no_traceback(tmp_path, caplog, capfd):
    import sampan_pki as pki

    pki.ensure(tmp_path, node_name="n")
    server = Server(SimpleNamespace(), address="127.0.0.1", port=0, pki=str(tmp_path))
    server.start()
    try:
        for said in (b"\x16\x03" + b"garbage" * 40, b"GET / HTTP/1.1\r\n\r\n", b""):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.settimeout(60)
                try:
                    client.sendall(said)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(100):
                        pass
                except OSError:
                    pass  # it was cut off
        deadline = time.monotonic() + 30
        while server.failed < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        server.stop()

    assert server.failed == 3
    written = capfd.readouterr()
    assert "Traceback" not in caplog.text + written.err + written.out
    ours = [record for record in caplog.records if record.name.startswith("sampan_node")]
    assert not [record for record in ours if record.levelname in ("WARNING", "ERROR")]


def test_checkpoints_are_refused_plainly_and_metrics_of_probes_are_there(server):
    status, said = get(server, "/checkpoint/default/web/main")

    assert (status, said) == (501, b"checkpoints of containers are not supported by this node agent\n")
    assert get(server, "/metrics/probes") == (200, b"# TYPE prober_probe_total counter\n")


def test_a_renewed_certificate_is_shown_to_the_next_client(tmp_path):
    import ssl

    import sampan_pki as pki

    pki.ensure(tmp_path / "first", node_name="n")
    pki.ensure(tmp_path / "second", node_name="n")
    server = Server(SimpleNamespace(), address="127.0.0.1", port=0, pki=str(tmp_path / "first"))
    server.start()
    try:
        before = ssl.get_server_certificate(("127.0.0.1", server.port))
        for ending in ("key", "crt"):
            (tmp_path / "second" / f"kubelet.{ending}").replace(tmp_path / "first" / f"kubelet.{ending}")
        after = ssl.get_server_certificate(("127.0.0.1", server.port))
        (tmp_path / "first" / "kubelet.crt").write_text("half of one")
        kept = ssl.get_server_certificate(("127.0.0.1", server.port))
    finally:
        server.stop()

    assert before != after
    assert kept == after
