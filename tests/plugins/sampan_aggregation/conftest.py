"""A real API server in process, and a real extension server over TLS that says what it was told."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading
import time
from typing import Any

import pytest
from falcon.testing import TestClient

from sampan.contracts.access import Decision, User
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_aggregation import delegation
from sampan_aggregation import plugin as aggregation
from sampan_memory.store import MemoryStore
from sampan_namespaces import plugin as namespaces
from sampan_pki import ensure, issuing
from sampan_pods import plugin as pods
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_services import plugin as services

CALLER = User("jane", ("dev", "system:authenticated"), "u-1", {"Some/Key": ("a", "b c")})
CONTROLLER = User("system:kube-controller-manager")
NAME = "ext.default.svc"
DOCUMENT = {
    "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "wardle.example.com/v1alpha1",
    "resources": [
        {"name": "flunders", "singularName": "flunder", "namespaced": True, "kind": "Flunder", "verbs": ["list"]},
        {"name": "flunders/status", "singularName": "", "namespaced": True, "kind": "Flunder", "verbs": ["get"]},
    ],
}  # fmt: skip


class Extension(http.server.BaseHTTPRequestHandler):
    """Answers discovery; echoes everything else; streams for ?watch=1; hangs below /hang."""

    protocol_version = "HTTP/1.1"
    healthy = True
    document = DOCUMENT
    go_on = threading.Event()
    definitions: tuple[int, Any] = 404, {}

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path.endswith("/hang"):
            self.go_on.wait(60)
            self.close_connection = True
            return
        if "watch=1" in self.path:
            self.stream()
            return
        if path == "/apis/wardle.example.com/v1alpha1":
            self.say(200 if self.healthy else 500, DOCUMENT)
        elif path == "/openapi/v3":
            link = "/openapi/v3/apis/wardle.example.com/v1alpha1?hash=ABC"
            self.say(200, {"paths": {"apis/wardle.example.com/v1alpha1": {"serverRelativeURL": link}}})
        elif path == "/openapi/v2":
            self.say(*self.definitions)
        else:
            told = [[name.lower(), value] for name, value in self.headers.items()]
            peer = dict(pair for part in self.connection.getpeercert()["subject"] for pair in part)
            code = 201 if self.command == "POST" else 200
            said = {"method": self.command, "path": self.path, "headers": told, "body": body.decode()}
            self.say(code, {**said, "peer": peer["commonName"]})

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(2):
            data = b'{"type":"ADDED","object":{"n":%d}}\n' % number
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def say(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Warning", '299 - "be careful"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client that does not trust us goes away."""


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    ensure(folder)
    certificate, key = issuing.new_authority("ext-ca", days=1)
    (folder / "ext-ca.crt").write_bytes(certificate)
    leaf = issuing.Leaf("ext", names=(NAME,), server=True, client=False)
    certificate, key = issuing.Authority(certificate, key).issue(leaf, days=1)
    (folder / "ext.crt").write_bytes(certificate)
    (folder / "ext.key").write_bytes(key)
    return folder


@pytest.fixture
def extension(pki):
    """A handler class with a running server: ``.port``, ``.healthy``, ``.bundle``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "ext.crt", pki / "ext.key")
    context.load_verify_locations(pki / "front-proxy-ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    handler = type("Handler", (Extension,), {"go_on": threading.Event()})
    server = Server(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    handler.port = server.server_address[1]
    handler.bundle = base64.b64encode((pki / "ext-ca.crt").read_bytes()).decode()
    yield handler
    handler.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


class Rule:
    """Allows all but what is called forbidden."""

    name = "rule"

    def authorize(self, asked: Any) -> tuple[Decision, str]:
        return (Decision.NO_OPINION if asked.resource == "forbidden" else Decision.ALLOW), ""


class Open:
    @hookimpl
    def contribute_authorizers(self) -> list[Any]:
        return [Rule()]


class Api:
    def __init__(self, app: Any) -> None:
        self.app = app
        self.client = TestClient(app.wsgi)

    def raw(self, method: str, path: str, body: Any = None, headers: Any = None, **more: Any) -> Any:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        return self.client.simulate_request(
            method, path, body=data, headers={"content-type": "application/json", **(headers or {})},
            extras={"sampan.user": more.pop("user", CALLER)}, **more,
        )  # fmt: skip

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        answer = self.raw(method, path, body, **more)
        return answer.status_code, answer.json

    def condition(self, name: str) -> dict[str, Any]:
        code, found = self("GET", f"/apis/apiregistration.k8s.io/v1/apiservices/{name}")
        status = (found.get("status") or {}) if code == 200 else {}
        return next((c for c in status.get("conditions") or () if c["type"] == "Available"), {})

    def until(self, name: str, reason: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while (found := self.condition(name)).get("reason") != reason:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found


@pytest.fixture
def api(pki, tmp_path, monkeypatch):
    monkeypatch.setattr(delegation, "TICK", 0.02)
    extra = {"open": Open(), "namespaces": namespaces, "pods": pods, "services": services, "aggregation": aggregation}
    plugins = Plugins(entry_points=[], extra=extra)
    options = ClusterOptions(
        pki=str(pki), service_cidr="10.96.0.0/16", service_ip="10.96.0.1", api_port=6443,
        api_endpoint_ip="127.0.0.1", node_port_range="30000-32767",
    )  # fmt: skip
    app = new_app(plugins, store=MemoryStore(), home=str(tmp_path), options=options)
    assert plugins.failures() == []
    yield Api(app)
    app.close()


def made(**spec: Any) -> dict[str, Any]:
    return {
        "kind": "APIService", "apiVersion": "apiregistration.k8s.io/v1",
        "metadata": {"name": "v1alpha1.wardle.example.com"},
        "spec": {
            "group": "wardle.example.com", "version": "v1alpha1", "groupPriorityMinimum": 2000, "versionPriority": 200,
            "service": {"namespace": "default", "name": "ext"}, **spec,
        },
    }  # fmt: skip


@pytest.fixture
def api_service():
    return made


@pytest.fixture
def make_service(api):
    """The Service ext, its port 443 leading to that port."""

    def make(port: int, ready: bool = True) -> None:
        service = {
            "kind": "Service", "apiVersion": "v1", "metadata": {"name": "ext"},
            "spec": {"ports": [{"port": 443, "name": "https"}]},
        }  # fmt: skip
        slice_ = {
            "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
            "metadata": {"name": "ext-1", "labels": {"kubernetes.io/service-name": "ext"}},
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": ready}}],
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        }  # fmt: skip
        assert api("POST", "/api/v1/namespaces/default/services", service)[0] == 201
        path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
        assert api("POST", path, slice_, user=CONTROLLER)[0] == 201  # who may lead to loopback

    return make


@pytest.fixture
def joined(api, extension, make_service):
    """The extension server serves its group through the API server."""
    make_service(extension.port)
    body = made(caBundle=extension.bundle)
    assert api("POST", "/apis/apiregistration.k8s.io/v1/apiservices", body)[0] == 201
    api.until("v1alpha1.wardle.example.com", "Passed")
    return api
