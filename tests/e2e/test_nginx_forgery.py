"""A client is known by certificate or token and by nothing else: attempts, through nginx and at gunicorn's port."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from fronts import Fronted
from load import context

import sampan_pki as pki
from sampan_pki.issuing import Authority, Leaf

REVIEW = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}).encode()
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Attacker:
    """One connection that says what it likes; a new one where the server has said that it closes it (a 401 does)."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self.port, self.tls = port, tls
        self.connect()

    def connect(self) -> None:
        self.closed = False
        self.sock = self.tls.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout=90), server_hostname="127.0.0.1"
        )
        self.file = self.sock.makefile("rb")

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.sock.close()

    def say(self, data: bytes) -> None:
        if self.closed:
            self.__exit__()
            self.connect()
        self.sock.sendall(data)

    def hear(self) -> tuple[int, dict]:
        """Status and body of the next answer; (0, {}) at the connection's end."""
        try:
            line = self.file.readline()
            if not line.startswith(b"HTTP/1.1 "):  # nginx still speaks HTTP/0.9
                return 0, {}
            length = 0
            while (field := self.file.readline()) not in (b"\r\n", b""):
                if field.lower().startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
                self.closed = self.closed or field.lower().startswith(b"connection: close")
            body = self.file.read(length)
        except (ConnectionError, TimeoutError):
            return 0, {}
        return int(line.split()[1]), json.loads(body) if body.startswith(b"{") else {}

    def who(self, *lines: str) -> tuple[int, str]:
        """Status, and whom the server takes this caller for."""
        head = [f"POST {SELF} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(REVIEW)}"]
        self.say("\r\n".join([*head, *lines, "", ""]).encode() + REVIEW)
        status, body = self.hear()
        return status, body.get("status", {}).get("userInfo", {}).get("username", "") if status == 201 else ""


def issued(
    home: Path, authority: str, name: str, user: str, groups: tuple[str, ...] = (), days: int = 1
) -> ssl.SSLContext:
    """TLS with a certificate made for the occasion."""
    made = Authority((home / "pki" / f"{authority}.crt").read_bytes(), (home / "pki" / f"{authority}.key").read_bytes())
    certificate, key = made.issue(Leaf(user, groups), days=days)
    both = home / f"{name}.pem"
    both.write_bytes(certificate + key)
    tls = context(home, "")
    tls.load_cert_chain(both)
    return tls


def shown(home: Path, path: str, *, of: ssl.SSLContext | None = None) -> ssl.SSLContext:
    """TLS with one of the cluster's own certificates."""
    tls = of or context(home, "")
    tls.load_cert_chain(home / "pki" / f"{path}.crt", home / "pki" / f"{path}.key")
    return tls


@pytest.fixture
def admin(fronted: Fronted) -> str:
    """The administrator's certificate as nginx would pass it on; certificates are no secret."""
    return quote((fronted.home / "pki" / "clients" / "admin.crt").read_text())


@pytest.fixture(params=["nginx", "direct"])
def port(request: pytest.FixtureRequest, fronted: Fronted) -> int:
    return fronted.direct if request.param == "direct" else fronted.cluster.port


def forgeries(admin: str) -> list[list[str]]:
    verify, cert = "X-Client-Verify: SUCCESS", f"X-Client-Cert: {admin}"
    return [
        [verify, cert],
        [verify, verify, cert, cert],
        ["X-Client-Verify: NONE", verify, cert],
        [verify.lower().replace("success", "SUCCESS"), cert.replace("X-Client-Cert", "x-client-cert")],
        ["x-CLIENT-verify: SUCCESS", cert],
        ["X_Client_Verify: SUCCESS", f"X_Client_Cert: {admin}"],
        ["X-Client_Verify: SUCCESS", f"X_Client-Cert: {admin}"],
        ["X-Client%2DVerify: SUCCESS", f"X-Client%2DCert: {admin}"],
        ["X-Client-Verify : SUCCESS", f"X-Client-Cert : {admin}"],
        [" X-Client-Verify: SUCCESS", cert],
        ["X-Client-Verify:", "\tSUCCESS", cert],
        ["X-Pad: a", " X-Client-Verify: SUCCESS", f" X-Client-Cert: {admin}"],
        ["X-Client-Verify:\tSUCCESS\t", cert],
        ["X-Client-Verify\x00: SUCCESS", cert],
        ["X-Pad: a\rX-Client-Verify: SUCCESS", cert],
        ["X-Pad: a\nX-Client-Verify: SUCCESS", cert],
        ["Connection: close, X-Client-Verify, X-Client-Cert", verify, cert],
        ["X-Remote-User: kubernetes-admin", "X-Remote-Group: system:masters"],
        ["x-remote-user: kubernetes-admin", "X-Remote-Group: system:masters", "X-Remote-Extra-Scopes: all"],
        ["X-Remote-User: ", "X-Remote-User: kubernetes-admin", "X-Remote-Group: system:masters"],
        ["X_Remote_User: kubernetes-admin", "X_Remote_Group: system:masters"],
        ["X-Remote-User : kubernetes-admin", "X-Remote-Group: system:masters"],
        ["X-Forwarded-User: kubernetes-admin", "X-SSL-Client-S-DN: /O=system:masters/CN=kubernetes-admin"],
        ["Sampan-Fronted: 1", "sampan.fronted: 1", "sampan.user: kubernetes-admin", verify, cert],
    ]  # fmt: skip


def test_no_header_gives_an_anonymous_caller_a_name(fronted, port, admin):
    for lines in forgeries(admin):
        with Attacker(port, context(fronted.home, "")) as attacker:
            assert attacker.who(*lines) in [(401, ""), (400, ""), (0, "")], lines


def test_no_header_gives_a_known_caller_another_name(fronted, port, admin):
    tls = issued(fronted.home, "ca", "weak", "weak", ("readers",))
    for lines in forgeries(admin):
        with Attacker(port, tls) as attacker:
            assert attacker.who(*lines) in [(201, "weak"), (400, ""), (0, "")], lines


def test_names_in_a_certificate_are_read_and_not_spliced(fronted, port):
    name = "a/O=system:masters,CN=kubernetes-admin\\nO=system:masters"
    with Attacker(port, issued(fronted.home, "ca", "odd", name, ("readers, system:masters",))) as attacker:
        assert attacker.who() == (201, name)
        attacker.say(b"GET /api/v1/namespaces/kube-system/secrets HTTP/1.1\r\nHost: x\r\n\r\n")
        assert attacker.hear()[0] == 403


def test_impersonation_needs_its_permission(fronted, port):
    as_admin = ("Impersonate-User: kubernetes-admin", "Impersonate-Group: system:masters")

    with Attacker(port, issued(fronted.home, "ca", "weak", "weak", ("readers",))) as attacker:
        assert attacker.who(*as_admin) == (403, "")
    with Attacker(port, context(fronted.home, "")) as attacker:
        assert attacker.who(*as_admin) == (401, "")
    with Attacker(port, context(fronted.home)) as attacker:
        assert attacker.who("Impersonate-User: jane") == (201, "jane")


def test_certificates_of_fronts_are_refused_at_nginx(fronted):
    for path in ("nginx-client", "front-proxy-client"):
        with Attacker(fronted.cluster.port, shown(fronted.home, path)) as attacker:
            assert attacker.who("X-Remote-User: kubernetes-admin")[0] == 401


def test_a_front_is_believed_in_what_is_its_to_say_and_no_more(fronted, admin):
    passed_on = ("X-Client-Verify: SUCCESS", f"X-Client-Cert: {admin}")
    named = ("X-Remote-User: jane", "X-Remote-Group: devs")

    with Attacker(fronted.direct, shown(fronted.home, "nginx-client")) as attacker:
        assert attacker.who(*named) == (401, "")
        assert attacker.who(*passed_on, *named) == (201, "kubernetes-admin")
    with Attacker(fronted.direct, shown(fronted.home, "front-proxy-client")) as attacker:
        assert attacker.who(*passed_on) == (401, "")
        assert attacker.who(*passed_on, *named) == (201, "jane")
    with Attacker(fronted.direct, issued(fronted.home, "front-proxy-ca", "other", "other")) as attacker:
        assert attacker.who(*passed_on, *named) == (401, "")
    with Attacker(fronted.direct, issued(fronted.home, "ca", "nginx", "nginx")) as attacker:
        assert attacker.who(*passed_on, *named) == (201, "nginx")


def test_expired_and_foreign_certificates_are_refused(fronted, port, tmp_path):
    pki.ensure(tmp_path / "foreign" / "pki")
    foreign = issued(tmp_path / "foreign", "ca", "a", "kubernetes-admin", ("system:masters",))
    foreign.load_verify_locations(fronted.home / "pki" / "ca.crt")
    expired = issued(fronted.home, "ca", "expired", "kubernetes-admin", ("system:masters",), days=0)

    for tls in (foreign, expired):
        try:
            with Attacker(port, tls) as attacker:
                assert attacker.who() in [(401, ""), (0, "")]
        except ssl.SSLError:  # refused at the handshake already, as gunicorn's own port does
            assert port == fronted.direct


def framings(smuggled: bytes) -> list[bytes]:
    """Requests whose ends two servers might see in different places, and behind each another one."""
    start = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % SELF.encode()
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(REVIEW), REVIEW)
    counted = b"Content-Length: %d\r\n" % len(REVIEW)
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    return [
        start + counted + b"Transfer-Encoding: chunked\r\n\r\n" + chunked + smuggled,
        start + b"Transfer-Encoding: chunked\r\n" + counted + b"\r\n0\r\n\r\n" + smuggled,
        start + b"Transfer-Encoding: xchunked\r\n\r\n" + chunked + smuggled,
        start + b"Transfer-Encoding: chunked, identity\r\n\r\n" + chunked + smuggled,
        start + b"Transfer-Encoding:\r\n chunked\r\n" + counted + b"\r\n" + REVIEW + smuggled,
        start + b"Transfer-Encoding : chunked\r\n" + counted + b"\r\n0\r\n\r\n" + smuggled,
        start + counted + b"Content-Length: 0\r\n\r\n" + REVIEW + smuggled,
        start + b"Content-Length: +%d\r\n\r\n" % len(REVIEW) + REVIEW + smuggled,
        start + b"Content-Length: 0x%x\r\n\r\n" % len(REVIEW) + REVIEW + smuggled,
        start + b"Content-Length: %d\r\n\r\n" % (len(REVIEW) + len(smuggled)) + REVIEW + smuggled,
        start + b"Transfer-Encoding: chunked\r\n\r\n%x;\n\r\n" % len(REVIEW) + REVIEW + b"\r\n0\r\n\r\n" + smuggled,
        start + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + smuggled,
        start + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(REVIEW) + REVIEW + b"\r\n00\n\r\n" + smuggled,
        start.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n" + counted + b"\r\n" + smuggled,
        start + upgrade + counted + b"\r\n" + REVIEW + smuggled,
        b"GET /version HTTP/1.1\r\nHost: x\r\n" + upgrade + b"Sec-WebSocket-Version: 0\r\n\r\n" + smuggled,
        b"GET /version\nHTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
        b"GET /version HTTP/1.1\nHost: x\n\n" + smuggled,
    ]


def test_requests_cannot_be_smuggled(fronted, port, admin):
    made = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "smuggled"}})
    smuggled = (
        f"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"X-Client-Verify: SUCCESS\r\nX-Client-Cert: {admin}\r\nX-Remote-User: kubernetes-admin\r\n"
        f"X-Remote-Group: system:masters\r\nContent-Length: {len(made)}\r\n\r\n{made}"
    ).encode()

    def attempt(data: bytes) -> list[int]:
        with Attacker(port, context(fronted.home, "")) as attacker:
            attacker.sock.settimeout(1.0)
            attacker.say(data)
            return list(iter(lambda: attacker.hear()[0], 0))

    attempts = framings(smuggled)
    with ThreadPoolExecutor(len(attempts)) as pool:
        for data, heard in zip(attempts, pool.map(attempt, attempts), strict=True):
            assert not {201, 500, 502, 503} & set(heard), (data, heard)
    assert "NotFound" in fronted.cluster.kubectl("get", "configmap", "smuggled", check=False)
    with Attacker(port, context(fronted.home)) as honest:  # no answers have been mixed up
        assert [honest.who() for _ in range(20)] == [(201, "kubernetes-admin")] * 20


def test_http_2_carries_no_forged_identity_either(fronted, admin):
    done = subprocess.run(
        [
            "curl", "-sS", "--http2", "--cacert", str(fronted.home / "pki" / "ca.crt"), "-o", "/dev/null",
            "-w", "%{http_version} %{http_code}", "-H", "X-Client-Verify: SUCCESS", "-H", f"X-Client-Cert: {admin}",
            "-H", "X-Remote-User: root", "-H", "X_Client_Verify: SUCCESS", "-H", "Connection: X-Client-Verify",
            f"https://127.0.0.1:{fronted.cluster.port}/api/v1/namespaces",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.stdout == "2 401", done.stderr


def test_an_anonymous_caller_may_ask_how_the_server_is_and_no_more(fronted, port):
    with Attacker(port, context(fronted.home, "")) as attacker:
        for path, status in (("/livez", 200), ("/readyz", 200), ("/version", 200), ("/metrics", 401), ("/api", 401)):
            attacker.say(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert attacker.hear()[0] == status


def test_the_socket_for_nginx_is_closed_to_others(fronted):
    assert fronted.socket.stat().st_mode & 0o007 == 0
