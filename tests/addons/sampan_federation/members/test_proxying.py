from __future__ import annotations

import base64
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from sampan.contracts.access import User
from sampan.errors import BadGateway, Forbidden, NotFound, ServiceUnavailable, TooManyRequests
from sampan_federation.members.proxying import (
    AT_ONCE,
    ClusterProxy,
    endpoint_of,
    impersonation,
    is_lasting,
    subresource,
    target_of,
)

SECRET = {"data": {"token": base64.b64encode(b"impersonator").decode()}}


class Member(BaseHTTPRequestHandler):
    """Answers what it was asked, or as a path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked = [f"{self.command} {self.path}", *(f"{name}: {value}" for name, value in self.headers.items())]
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "https://evil.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.startswith("/refused"):
            self._say(401, b"")
            return
        if self.headers.get("Upgrade") and self.path.startswith("/no"):
            self._say(403, b"no exec for you")
            return
        if self.headers.get("Upgrade"):
            self.connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            self.connection.sendall(b"echo " + self.connection.recv(100))
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._say(200, "\n".join(asked).encode() + b"\n" + body)

    do_POST = do_GET

    def _say(self, code, body):
        self.send_response(code)
        for name, value in (("Content-Type", "text/plain"), ("Set-Cookie", "a=b"), ("X-Kept", "yes")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Member) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def cluster(url="https://east.example:6443", **spec):
    reference = {"namespace": "karmada-cluster", "name": "east-impersonator"}
    return {
        "metadata": {"name": "east"},
        "spec": {"syncMode": "Push", "apiEndpoint": url, "impersonatorSecretRef": reference, **spec},
    }


def call(target, rest="/api/v1/pods", method="GET", body=b"", user=None, query=None, secret=SECRET, **headers):
    return SimpleNamespace(
        method=method, rest=rest, query=query or {}, name="east", raw_body=lambda: body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        user=user or User("joe", groups=("devs", "system:authenticated")),
        cluster=SimpleNamespace(get=lambda resource, name, namespace: secret), target=lambda: target,
    )  # fmt: skip


def asked(answer):
    return b"".join(answer.body).decode().splitlines()


def test_the_member_is_asked_as_the_caller(url):
    sent = {"authorization": "Bearer mine", "impersonate_user": "root", "x_remote_group": "system:masters"}
    sent |= {
        "cookie": "mine=1",
        "sec_websocket_protocol": "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.mine",
    }
    answer = ClusterProxy()(call(cluster(url), query={"limit": ["1"]}, accept="text/x", **sent))

    found = asked(answer)
    assert answer.status == 200 and ("X-Kept", "yes") in answer.headers
    assert not [name for name, _ in answer.headers if name == "Set-Cookie"]
    assert found[0] == "GET /api/v1/pods?limit=1"
    assert {"Authorization: Bearer impersonator", "Impersonate-User: joe", "Impersonate-Group: devs"} < set(found)
    assert {"accept: text/x", "sec-websocket-protocol: v5.channel.k8s.io"} < set(found)
    assert not [line for line in found if "mine" in line or "root" in line or "system:" in line]


def test_a_body_is_passed_on_and_the_path_escaped(url):
    answer = ClusterProxy()(call(cluster(url + "/base/"), rest="/a b/?", method="POST", body=b'{"a":1}'))

    found = asked(answer)
    assert found[0] == "POST /base/a%20b/%3F"
    assert found[-1] == '{"a":1}'


def test_an_upgrade_is_passed_on_byte_for_byte(url):
    here, there = socket.socketpair()
    with here, there:
        taken = call(cluster(url), rest="/exec", upgrade="SPDY/3.1")
        heads = []
        taken.takeover = lambda head: heads.append(head) or there
        here.sendall(b"hello")

        assert ClusterProxy()(taken) is None

        assert heads[0].startswith(b"HTTP/1.1 101")
        said = b""
        while data := here.recv(100):
            said += data
        assert (heads[0].partition(b"\r\n\r\n")[2] + said) == b"echo hello"


def test_what_a_member_may_not_answer(url):
    proxy = ClusterProxy()

    with pytest.raises(BadGateway, match="redirects"):
        proxy(call(cluster(url), rest="/away"))
    with pytest.raises(BadGateway, match="refuses the token"):
        proxy(call(cluster(url), rest="/refused"))
    with pytest.raises(Forbidden, match="no exec for you"):
        proxy(call(cluster(url), rest="/no", upgrade="SPDY/3.1"))


def test_a_member_that_hangs_uses_up_its_own_places_only(url):
    proxy = ClusterProxy()
    open_answers = [proxy(call(cluster(url))) for _ in range(AT_ONCE)]

    with pytest.raises(TooManyRequests):
        proxy(call(cluster(url)))

    for answer in open_answers:
        answer.body.close()
    assert proxy(call(cluster(url))).body.close() is None


def test_a_member_that_cannot_be_reached_gives_its_place_back():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        refusing = f"http://127.0.0.1:{free.getsockname()[1]}"
        proxy = ClusterProxy()
        for _ in range(AT_ONCE + 1):
            with pytest.raises(ServiceUnavailable, match="cannot be reached"):
                proxy(call(cluster(refusing)))


@pytest.mark.parametrize("broken, secret, error", [
    ({"syncMode": "Pull"}, SECRET, "in pull mode"),
    ({"impersonatorSecretRef": None}, SECRET, "federation join east"),
    ({}, None, "has no token"),
    ({}, {"data": {"token": "?"}}, "cannot be reached"),
    ({"apiEndpoint": "https://169.254.169.254"}, SECRET, "unusable"),
    ({"apiEndpoint": "ftp://east"}, SECRET, "unusable"),
    ({"apiEndpoint": "https://east:99999"}, SECRET, "cannot be reached"),
])  # fmt: skip
def test_what_is_missing_is_named(broken, secret, error):
    reader = SimpleNamespace(get=lambda resource, name, namespace: secret)

    with pytest.raises((ServiceUnavailable, Forbidden), match=error):
        endpoint_of(cluster(**broken), reader)


def test_a_name_that_would_end_its_header_is_refused():
    with pytest.raises(Forbidden):
        impersonation(User("a\r\nX: y"))
    assert impersonation(User("ä"))[0] == ("Impersonate-User", "Ã¤")  # UTF-8 on the wire


def test_a_watch_has_no_deadline():
    assert is_lasting(call(cluster(), query={"watch": ["true"]}))
    assert not is_lasting(call(cluster(), query={"watch": ["0"]}))
    endpoint = endpoint_of(cluster(), SimpleNamespace(get=lambda *where: SECRET))
    assert target_of(call(cluster(), rest=""), endpoint) == "/"


def test_it_is_a_subresource_of_clusters():
    added = subresource()

    assert (added.group, added.plural, added.subresource.name) == ("cluster.karmada.io", "clusters", "proxy")


def test_an_api_server_serves_it_where_the_add_on_is():
    """The kind comes by a CustomResourceDefinition, the subresource by the add-on."""
    from sampan_federation import plugin
    from sampan_federation.kinds.clusters import DEFINITIONS
    from sampan_federation.resources import CLUSTERS
    from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS
    from sampan_testing.cluster import start, until

    with start({"federation": plugin}, only=("crds", "namespaces", "memory"), control=False) as host:
        host.client.create(CUSTOM_RESOURCE_DEFINITIONS, DEFINITIONS[0].manifest())

        def served() -> bool:
            try:
                return host.client.list(CLUSTERS).items == []
            except NotFound:
                return False

        until(served, 30)
        east = {"apiVersion": CLUSTERS.api_version, "kind": "Cluster", "metadata": {"name": "east"}}
        host.client.create(CLUSTERS, {**east, "spec": {"syncMode": "Push"}})
        with pytest.raises(Forbidden, match="impersonatorSecretRef"):
            host.client.request("GET", "/apis/cluster.karmada.io/v1alpha1/clusters/east/proxy/api")
