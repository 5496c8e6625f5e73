from __future__ import annotations

import http.server
import threading
from types import SimpleNamespace

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan.errors import BadGateway, BadRequest, Forbidden, NotFound, ServiceUnavailable
from sampan_nodes.proxy import NodeProxy

NODES = Resource("", "v1", "nodes", "Node", False)


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = f"{self.path} {self.headers.get('Upgrade')}{self.headers.get('X-Note') or ''}".encode("latin-1")
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def port():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def call(name, node, rest="/metrics/resource", **headers):
    def get(resource, wanted):
        return node if node and wanted == node["metadata"]["name"] else None

    def target():
        if get(NODES, name) is None:
            raise NotFound(name)
        return node

    return SimpleNamespace(
        method="GET", name=name, rest=rest, path=f"/api/v1/nodes/{name}/proxy{rest}", query={}, headers=headers,
        resource=NODES, cluster=SimpleNamespace(get=get), target=target, raw_body=lambda: b"",
    )  # fmt: skip


def node(port, addresses=({"type": "InternalIP", "address": "127.0.0.1"},)):
    status = {"addresses": list(addresses), "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}
    return {"metadata": {"name": "n1"}, "status": status}


@pytest.mark.parametrize("target", ["n1", "n1:{port}", "http:n1:{port}"])
def test_the_agent_is_asked(port, target):
    answer = NodeProxy("")(call(target.format(port=port), node(port)))

    assert b"".join(answer.body) == b"/metrics/resource None"


def test_another_port_of_the_node_is_reached_too(port):
    answer = NodeProxy("")(call(f"n1:{port}", node(1)))

    assert answer.status == 200


def test_an_upgrade_needs_the_permission_to_create(port):
    asked = call("n1", node(port), upgrade="websocket", connection="upgrade")
    asked.user = User("reader")
    wanted = []

    def authorize(user, verb, resource, namespace="", name="", subresource=""):
        wanted.append((user.name, verb, resource.plural, name, subresource))
        return len(wanted) > 1, ""

    asked.cluster.authorize = authorize
    with pytest.raises(Forbidden, match="cannot create resource"):
        NodeProxy("")(asked)
    with pytest.raises(BadGateway, match="status code 200"):  # the agent is asked, and does not know such a thing
        NodeProxy("")(asked)

    assert wanted == [("reader", "create", "nodes", "n1", "proxy")] * 2


def test_what_cannot_be_reached_is_said(port):
    for wrong, kind in (
        (call("n2", node(port)), NotFound),
        (call("n2:80", node(port)), NotFound),
        (call("n1:http", node(port)), BadRequest),
        (call("n1", node(0)), ServiceUnavailable),
        (call("n1", node(port, ())), ServiceUnavailable),
    ):
        with pytest.raises(kind):
            NodeProxy("")(wrong)


def test_a_path_and_a_header_that_are_not_ascii_are_utf8_on_the_wire(port):
    answer = NodeProxy("")(call("n1", node(port), rest="/zo\u00eb\u20ac", **{"x-note": "\u20ac"}))

    assert b"".join(answer.body) == "/zo%C3%AB%E2%82%AC None\u20ac".encode()
