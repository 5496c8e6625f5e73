"""The ingress add-on on a running cluster: kubectl makes Ingresses, a real nginx serves them, clients see no gap."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from clusters import Cluster, free_port, until
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = pytest.mark.kubectl

PIECE, PIECES = 65536, 40

#: A pod: says its name, sends a long download slowly, echoes on an upgraded connection, ends in order when told.
POD = f"""
import os, signal, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 1

    def do_GET(self):
        if self.headers.get("Upgrade"):
            self.connection.settimeout(60)
            self.send_response(101)
            self.send_header("Upgrade", "echo")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.close_connection = True
            while data := self.connection.recv(1000):
                self.connection.sendall(data)
        elif self.path == "/long":
            self.connection.settimeout(60)
            self.send_response(200)
            self.send_header("Content-Length", str({PIECE * PIECES}))
            self.end_headers()
            for number in range({PIECES}):
                self.wfile.write(bytes([number]) * {PIECE})
                time.sleep(0.1)
        else:
            body = (os.environ["NAME"] + " " + self.path).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = False, 128

server = Server((os.environ["POD_IP"], 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(0.02)
server.server_close()
"""


def deployment(name: str, replicas: int) -> list[dict]:
    labels = {"app": name}
    container = {
        "name": "main", "image": "python:3", "command": ["python3", "-c", POD],
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [
            {"name": "NAME", "value": name},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        ],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
    }  # fmt: skip
    spec = {
        "replicas": replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }  # fmt: skip
    service = {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": service},
    ]


@dataclass
class Front:
    """The cluster, and what clients see of it."""

    cluster: Cluster
    http_port: int
    https_port: int
    namespace: str

    def kubectl(self, *args: str, **more: object) -> str:
        return self.cluster.kubectl("-n", self.namespace, *args, **more)

    def apply(self, *manifests: dict) -> None:
        self.kubectl("apply", "-f", "-", input="\n---\n".join(json.dumps(manifest) for manifest in manifests))

    def ask(self, host: str, path: str = "/") -> tuple[int, str, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=120)
        try:
            connection.request("GET", path, headers={"Host": host, "Connection": "close"})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace"), dict(response.getheaders())
        finally:
            connection.close()

    def answers(self, host: str, path: str = "/") -> tuple[int, str]:
        """Status and body; (0, "") while nothing listens yet."""
        try:
            return self.ask(host, path)[:2]
        except OSError:
            return 0, ""

    def ask_tls(self, host: str, authority: Path, path: str = "/") -> str:
        """As a client does that knows only that authority, and checks the name."""
        raw = socket.create_connection(("127.0.0.1", self.https_port), 60)
        with raw, ssl.create_default_context(cafile=authority).wrap_socket(raw, server_hostname=host) as wrapped:
            wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: wrapped.recv(65536), b"")).decode()

    def master(self) -> int:
        """0 while there is no master, or a new one has opened its file of the process id and not yet written it."""
        try:
            return int((self.cluster.home / "components" / "ingress" / "nginx" / "nginx.pid").read_text() or 0)
        except FileNotFoundError:
            return 0


@pytest.fixture(scope="module")
def front(exec_cluster: Cluster) -> Iterator[Front]:
    """The add-on, enabled on the running cluster."""
    if shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        assert os.geteuid() != 0, "no nginx; tools/install-test-needs installs it"
        pytest.skip("no nginx, and this is not root")
    file = exec_cluster.home / "sampan.yaml"
    before = file.read_text()
    ports = {"http_port": free_port(), "https_port": free_port()}
    configured = yaml.safe_load(before)
    configured["plugins"]["ingress"] = {"address": "127.0.0.1", "reload_seconds": 0.2, **ports}
    file.write_text(yaml.safe_dump(configured))
    exec_cluster.sampan("addons", "enable", "ingress")
    exec_cluster.kubectl("create", "namespace", "front")
    found = Front(exec_cluster, ports["http_port"], ports["https_port"], "front")
    found.apply(*deployment("shop", 2), *deployment("blog", 1))
    until(lambda: exec_cluster.kubectl("get", "ingressclass", "sampan", check=False).startswith("NAME"))
    found.kubectl("rollout", "status", "deployment/shop", "deployment/blog", "--timeout=120s")
    yield found
    exec_cluster.kubectl("delete", "namespace", "front", "--wait=false")
    exec_cluster.sampan("addons", "disable", "ingress")
    until(lambda: not _listens(ports["http_port"]), why="nginx ends with the add-on")
    file.write_text(before)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pair(host: str, folder: Path) -> tuple[Path, Path]:
    """Files of a certificate, its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / f"{host}.crt", folder / f"{host}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    return files


def told(front: Front, host: str, authority: Path, path: str) -> str:
    """ "" while another certificate is served: a Secret may come after the Ingress that names it."""
    try:
        return front.ask_tls(host, authority, path)
    except (ssl.SSLError, TimeoutError):
        return ""


def test_hosts_paths_and_tls(front: Front, tmp_path: Path) -> None:
    for host in ("shop.example.com", "blog.example.com"):
        certificate, key = pair(host, tmp_path)
        front.kubectl("create", "secret", "tls", host.partition(".")[0], f"--cert={certificate}", f"--key={key}")
    front.kubectl(
        "create", "ingress", "sites", "--class=sampan",
        "--rule=shop.example.com/*=shop:http,tls=shop", "--rule=shop.example.com/news*=blog:80,tls=shop",
        "--rule=blog.example.com/exact=blog:80,tls=blog", "--rule=plain.example.com/*=blog:80",
        "--rule=plain.example.com/slash/=shop:http",
    )  # fmt: skip

    until(lambda: front.answers("plain.example.com")[0] == 200)
    for host, path, answer in (
        ("shop.example.com", "/a", "shop /a"), ("shop.example.com", "/news/1", "blog /news/1"),
        ("shop.example.com", "/newsletter", "shop /newsletter"), ("blog.example.com", "/exact", "blog /exact"),
        ("blog.example.com", "/exact/no", "404 page not found"),
    ):  # fmt: skip
        until(lambda asked=(host, tmp_path / f"{host}.crt", path), end=answer: told(front, *asked).endswith(end))
    with pytest.raises(ssl.SSLCertVerificationError):
        front.ask_tls("plain.example.com", tmp_path / "shop.example.com.crt")
    # workers of the configuration before may still take a connection or two
    _, _, headers = until(lambda: (got := front.ask("shop.example.com", "/a?b=c"))[0] == 308 and got)
    assert headers["Location"] == f"https://shop.example.com:{front.https_port}/a?b=c"
    assert front.ask("unknown.example.com")[0] == 404
    for path, answer in (("/slash", "blog /slash"), ("/slash/", "shop /slash/"), ("/slash/x", "blog /slash/x")):
        until(lambda asked=("plain.example.com", path), end=answer: front.answers(*asked) == (200, end))

    until(lambda: "127.0.0.1" in front.kubectl("get", "ingress", "sites"))
    shown = front.kubectl("get", "ing", "sites").splitlines()
    assert shown[0].split() == ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]
    hosts = "shop.example.com,blog.example.com,plain.example.com"
    assert re.split(r"  +", shown[1])[:5] == ["sites", "sampan", hosts, "127.0.0.1", "80, 443"]
    described = front.kubectl("describe", "ingress", "sites")
    assert re.search(r"/news +blog:80 \(127\.[0-9.]+:8080\)", described)
    until(lambda: "served at 127.0.0.1" in front.kubectl("describe", "ingress", "sites"))


def test_a_bad_ingress_is_told_and_leaves_the_others(front: Front) -> None:
    front.kubectl("create", "ingress", "good", "--class=sampan", "--rule=good.example.com/*=blog:80")
    until(lambda: front.answers("good.example.com")[0] == 200)
    front.kubectl(
        "create", "ingress", "bad", "--class=sampan", "--rule=bad.example.com/*=blog:80",
        "--annotation=nginx.ingress.kubernetes.io/configuration-snippet=return 200;",
    )  # fmt: skip
    front.kubectl("create", "ingress", "late", "--class=sampan", "--rule=good.example.com/*=shop:80")
    front.kubectl("create", "ingress", "lost", "--class=sampan", "--rule=lost.example.com/*=nobody:80")

    for name, said in (
        ("bad", "configuration-snippet is not supported"), ("late", "served for the older Ingress front/good"),
        ("lost", "Service front/nobody does not exist"),
    ):  # fmt: skip
        until(lambda name=name, said=said: said in front.kubectl("describe", "ingress", name))
    assert front.ask("good.example.com")[1] == "blog /"
    assert front.ask("bad.example.com")[0] == 404
    until(lambda: front.ask("lost.example.com")[0] == 503)
    refused = front.kubectl("create", "ingress", "worse", "--rule=a.example.com/..=blog:80", check=False)
    assert "cannot end with '/..'" in refused


@dataclass
class Load:
    """Clients that ask on and on, a new connection each time."""

    front: Front
    host: str
    stop: threading.Event = field(default_factory=threading.Event)
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self.stop.is_set():
            try:
                status, body, _ = self.front.ask(self.host)
            except OSError as error:
                self.failures.append(repr(error))
                continue
            if status == 200:
                self.answered += 1
            else:
                self.failures.append(f"{status} {body}")


def test_changing_pods_cost_no_request_and_no_open_connection(front: Front) -> None:
    for name in ("shop", "blog"):
        front.kubectl(
            "create", "ingress", f"{name}-load", "--class=sampan", f"--rule={name}.load.example.com/*={name}:80"
        )
    until(lambda: front.answers("shop.load.example.com")[0] == front.answers("blog.load.example.com")[0] == 200)
    long: list[tuple[int, str, dict]] = []
    with socket.create_connection(("127.0.0.1", front.http_port), 120) as upgraded:
        upgraded.sendall(
            b"GET / HTTP/1.1\r\nHost: blog.load.example.com\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"
        )
        assert upgraded.recv(1000).startswith(b"HTTP/1.1 101 ")
        with Load(front, "shop.load.example.com") as load:
            download = threading.Thread(target=lambda: long.append(front.ask("shop.load.example.com", "/long")))
            download.start()
            front.kubectl("rollout", "restart", "deployment/shop")
            front.kubectl("rollout", "status", "deployment/shop", "--timeout=120s")
            front.kubectl("scale", "deployment/shop", "--replicas=1")
            download.join()
            until(lambda: len(front.kubectl("get", "pods", "-l", "app=shop", "-o", "name").splitlines()) == 1)
            until(lambda: load.answered > 50)

        assert load.failures == []
        assert (long[0][0], len(long[0][1].encode())) == (200, PIECE * PIECES)
        upgraded.sendall(b"still there")
        assert upgraded.recv(100) == b"still there"


def test_a_killed_nginx_and_a_killed_add_on_come_back(front: Front) -> None:
    front.kubectl("create", "ingress", "again", "--class=sampan", "--rule=again.example.com/*=blog:80")
    until(lambda: front.answers("again.example.com")[0] == 200 and front.master())
    master, addon = front.master(), front.cluster.process("ingress")["pid"]

    os.kill(master, signal.SIGKILL)
    until(lambda: front.master() not in (0, master) and front.answers("again.example.com")[0] == 200)
    assert front.cluster.process("ingress")["pid"] == addon

    master = front.master()
    os.kill(addon, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{master}").exists(), why="nginx ends with its add-on")
    until(lambda: front.answers("again.example.com")[0] == 200 and front.master() not in (0, master))
