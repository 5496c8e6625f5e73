"""Objects as the API has them, and what counts where they say nothing."""

from __future__ import annotations

import base64
import datetime
import http.client
import os
import shutil
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ports import free_port

from sampan_ingress.applying import Applier
from sampan_ingress.building import Fallbacks, read_parts
from sampan_ingress.certificates import from_pem
from sampan_ingress.nginx import Nginx, sweep
from sampan_ingress.observed import observed
from sampan_ingress.places import remove_scratch, scratch
from sampan_ingress.rendering import NginxPlace

MADE = "2026-01-01T00:00:00Z"
PEM = serialization.Encoding.PEM


def pair(*hosts, key=None):
    """(certificate, key), PEM."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    return certificate.public_bytes(PEM), key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain)


def backend(name="web", port=80):
    return {"service": {"name": name, "port": {"name": port} if isinstance(port, str) else {"number": port}}}


def path(text="/", kind="Prefix", to=None):
    return {"path": text, "pathType": kind, "backend": to or backend()}


def rule(host="web.example.com", *paths):
    return {"host": host, "http": {"paths": list(paths or [path()])}}


def ingress(name="web", *rules, made=MADE, annotations=None, class_name="sampan", **spec):
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "namespace": "default", "name": name, "uid": f"uid-{name}", "creationTimestamp": made, "generation": 1,
            "annotations": annotations or {},
        },
        "spec": {"ingressClassName": class_name, "rules": list(rules), **spec},
    }  # fmt: skip


def service(name="web", *, port=80, port_name="http", **spec):
    return {
        "metadata": {"namespace": "default", "name": name},
        "spec": {"type": "ClusterIP", "ports": [{"name": port_name, "port": port, "protocol": "TCP"}], **spec},
    }  # fmt: skip


def slice_(name="web", *addresses, port=8080, port_name="http", conditions=None):
    given = addresses or ("10.0.0.1",)
    return {
        "metadata": {"namespace": "default", "name": f"{name}-x", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4", "ports": [{"name": port_name, "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [one], "conditions": conditions or {"ready": True}} for one in given],
    }  # fmt: skip


def secret(name, certificate, key):
    data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    return {"metadata": {"namespace": "default", "name": name}, "type": "kubernetes.io/tls", "data": data}


CLASS = {"metadata": {"name": "sampan"}, "spec": {"controller": "sampan.dev/ingress"}}


def seen(*ingresses, services=None, slices=None, secrets=(), classes=(CLASS,)):
    services = [service()] if services is None else services
    slices = [slice_()] if slices is None else slices
    return observed(ingresses, classes, services, slices, secrets, controller="sampan.dev/ingress")


@pytest.fixture(scope="session")
def default_certificate():
    return from_pem(*pair("ingress.local"))


@pytest.fixture
def fallbacks(default_certificate):
    return Fallbacks(default_certificate)


@pytest.fixture
def made():
    """The builders of this file."""
    return SimpleNamespace(
        backend=backend, path=path, rule=rule, ingress=ingress, service=service, slice=slice_, secret=secret, seen=seen,
        pair=pair, sampan_class=CLASS,
    )  # fmt: skip


def place_in(folder, **more):
    (folder / "certificates").mkdir(parents=True, exist_ok=True)
    https = free_port()
    return NginxPlace(
        folder=str(folder), scratch=str(scratch(folder)), listen=("127.0.0.1",), http_port=free_port(),
        https_port=https, public_https_port=https, user="www-data" if os.geteuid() == 0 else "", workers="1", **more,
    )  # fmt: skip


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """Of no nginx: for looking at what is written."""
    folder = tmp_path_factory.mktemp("nginx")
    yield place_in(folder)
    remove_scratch(folder)


@pytest.fixture(scope="session")
def program():
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        if os.geteuid() == 0:
            pytest.fail("no nginx; tools/install-test-needs installs it", pytrace=False)
        pytest.skip("no nginx, and this is not root")
    return found


class Echo(BaseHTTPRequestHandler):
    """Says which pod it is, what it was asked for and with which headers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = f"{self.server.name} {self.command} {self.path} {len(self.rfile.read(length))}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def pods():
    """Start a pod by its name; its port."""
    started = []

    def start(name):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads, server.name = True, name
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        started.append((server, thread))
        return server.server_port

    yield start
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()


class DataPlane:
    """A real nginx under an Applier."""

    def __init__(self, program, folder, default_certificate):
        self.place = place_in(folder)
        self.ended, self.reloads = threading.Event(), []
        self.nginx = Nginx(program, folder, self.ended.set)
        self.applier = Applier(self.nginx, self.place, threading.Event(), self.reloads.append)
        self.fallbacks = Fallbacks(default_certificate)

    def serve(self, *ingresses, **given):
        """What the Applier says, and the complaints of reading."""
        parts, complaints = read_parts(seen(*ingresses, **given), self.fallbacks)
        applied = self.applier.apply(parts, self.fallbacks)
        assert applied.in_force
        return applied, complaints

    def ask(self, path, host="web.example.com", *, tls=False, method="GET", body=None, headers=None):
        """(status, body, headers)."""
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            raw = socket.create_connection(("127.0.0.1", self.place.https_port), 5)
            with raw, context.wrap_socket(raw, server_hostname=host) as wrapped:
                connection = http.client.HTTPConnection(host)
                connection.sock = wrapped
                return self._answer(connection, method, path, body, {"Host": host, **(headers or {})})
        connection = http.client.HTTPConnection("127.0.0.1", self.place.http_port, timeout=30)
        return self._answer(connection, method, path, body, {"Host": host, **(headers or {})})

    def certificate(self, host):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", self.place.https_port), 5)
        with raw, context.wrap_socket(raw, server_hostname=host) as wrapped:
            return wrapped.getpeercert(binary_form=True)

    def _answer(self, connection, method, path, body, headers):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.read().decode(), dict(response.getheaders())
        connection.close()
        return answer


@pytest.fixture
def data_plane(program, tmp_path, default_certificate):
    folder = tmp_path / "nginx"
    folder.mkdir()
    plane = DataPlane(program, folder, default_certificate)
    yield plane
    plane.nginx.stop()
    remove_scratch(folder)
    assert sweep(folder) == 0
