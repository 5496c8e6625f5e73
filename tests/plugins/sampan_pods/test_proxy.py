from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import BadRequest

PODS = Resource("", "v1", "pods", "Pod")


class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(f"{self.path} {body.decode()}".encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_request_reaches_the_pods_port_by_number_and_by_name(client, make, port):
    ports = [{"name": "http", "containerPort": port}]
    make(containers=[{"name": "c", "image": "x", "ports": ports}])
    client.patch(PODS, "web", {"status": {"podIP": "127.0.0.1"}}, "default", subresource="status")
    headers = {"content-type": "text/plain"}

    for name in (f"web:{port}", "web:http", "web"):
        path = f"/api/v1/namespaces/default/pods/{name}/proxy/echo"
        answer = client.request("POST", path, query={"q": "1"}, body=b"hello", headers=headers)
        assert answer.body == b"/echo?q=1 hello"
    with pytest.raises(BadRequest, match="has no port called 'other'"):
        client.request("POST", "/api/v1/namespaces/default/pods/web:other/proxy/", body=b"x", headers=headers)
