"""services/proxy and pods/proxy, with a real server behind."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

NS = "/api/v1/namespaces/default"
PAGE = b'<html><a href="/rewriteme">x</a><a href="//else/where">y</a><a href="relative">z</a></html>'


class Echo(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/there?x=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/told":
            data = json.dumps([[name.lower(), value] for name, value in self.headers.items()]).encode()
            self.send_response(200)
            for name, value in (("Connection", "X-Own"), ("X-Own", "1"), ("Access-Control-Allow-Origin", "*")):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        data = PAGE if self.path == "/page" else f"{self.command} {self.path} {body.decode()}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if self.path == "/page" else "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

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


@pytest.fixture
def web(api, port):
    """A Service called web whose port http leads to the server."""
    api.service("web", ports=[{"name": "http", "port": 80}, {"name": "none", "port": 81}])
    slice_ = {
        "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [
            {"addresses": ["127.0.0.1"], "conditions": {"ready": True}},
            {"addresses": ["127.0.0.99"], "conditions": {"ready": False}},
        ],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }  # fmt: skip
    assert api.slice(slice_)[0] == 201
    return api


@pytest.mark.parametrize("target", ["web:http", "web:80", "http:web:http", ":web:80"])
def test_name_and_number_of_the_port_lead_to_a_ready_endpoint(web, target):
    answer = web.raw("GET", f"{NS}/services/{target}/proxy/a/b", query_string="q=1&r=%20")
    assert (answer.status_code, answer.text) == (200, "GET /a/b?q=1&r=+ ")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_and_bodies_pass(web, method):
    answer = web.raw(method, f"{NS}/services/web:http/proxy", b"hello", query_string="q=1")
    assert (answer.status_code, answer.text) == (200, f"{method} /?q=1 hello")


def test_who_the_caller_is_stays_here_and_so_does_what_is_of_one_connection(web):
    said = {
        "Authorization": "Bearer secret", "X-Remote-User": "root", "X-Remote-Group": "system:masters",
        "X-Remote-Uid": "1", "X-Remote-Extra-Scopes": "all", "X-Client-Cert": "x", "X-Client-Verify": "SUCCESS",
        "Impersonate-User": "jane", "Impersonate-Group": "devs", "Impersonate-Extra-A": "b",
        "Connection": "X-Hop, keep-alive", "X-Hop": "1", "TE": "trailers", "Keep-Alive": "1", "X-Kept": "1",
    }  # fmt: skip
    answer = web.raw("GET", f"{NS}/services/web:http/proxy/told", headers=said)
    told = {name for name, _ in answer.json}

    assert "x-kept" in told
    assert not told & ({name.lower() for name in said} - {"x-kept", "connection"})
    assert "x-own" not in answer.headers and "access-control-allow-origin" not in answer.headers


def test_reads_without_the_last_slash_are_redirected(web):
    for method in ("GET", "HEAD"):
        answer = web.raw(method, f"{NS}/services/web:http/proxy", query_string="method=GET")
        assert answer.status_code == 301
        assert answer.headers["location"] == f"{NS}/services/web:http/proxy/?method=GET"
    assert web.raw("GET", f"{NS}/services/web:http/proxy/").text == "GET / "


def test_links_and_redirects_lead_through_the_proxy(web):
    where = f"{NS}/services/web:http/proxy"
    page = web.raw("GET", f"{where}/page").text
    assert f'href="{where}/rewriteme"' in page
    assert 'href="//else/where"' in page
    assert 'href="relative"' in page
    assert web.raw("GET", f"{where}/away").headers["location"] == f"{where}/there?x=1"


def test_escapes_in_the_path_stay_escapes(web):
    assert web.raw("GET", f"{NS}/services/web:http/proxy/a%20b%25").text == "GET /a%20b%25 "


def test_what_cannot_be_reached_is_said(web):
    for target, status in (("web:none", 503), ("web:nix", 503), ("web", 503), ("nix:80", 404), ("ftp:web:80", 400)):
        assert web.raw("GET", f"{NS}/services/{target}/proxy/").status_code == status, target


def test_a_pod_is_reached_the_same_way(api, port):
    pod = {
        "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"name": "http", "containerPort": port}]}]},
    }  # fmt: skip
    assert api("POST", f"{NS}/pods", pod)[0] == 201
    assert api.raw("GET", f"{NS}/pods/p/proxy/").status_code == 400
    patch = {"status": {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}}
    assert api("PATCH", f"{NS}/pods/p/status", patch, media="application/merge-patch+json")[0] == 200
    elsewhere = {"status": {"podIP": "169.254.169.254"}}
    api("PATCH", f"{NS}/pods/p/status", elsewhere, media="application/merge-patch+json")
    assert api.raw("GET", f"{NS}/pods/p/proxy/").json["message"] == "address not allowed"
    assert api("PATCH", f"{NS}/pods/p/status", patch, media="application/merge-patch+json")[0] == 200
    for target in ("p", f"p:{port}", "p:http", f"http:p:{port}"):
        assert api.raw("GET", f"{NS}/pods/{target}/proxy/x").text == "GET /x "
    assert api.raw("GET", f"{NS}/pods/p/proxy").status_code == 301
