"""The whole sign-in against a small issuer on loopback, and the API as the user's client reaches it."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import falcon.testing
import jwt
import pytest

from sampan.contracts.access import User
from sampan_client.kubeconfig import load
from sampan_dashboard import connecting
from sampan_dashboard.app import new_app
from sampan_dashboard.oidc import Flow, Provider, asking
from sampan_testing.serving import ApiPort

ADDRESS = "http://127.0.0.1:7443"


class Issuer(ThreadingHTTPServer):
    """Signs in every user. Keeps each code with its challenge and nonce."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), IssuerPages)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.codes, self.issued = {}, set()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def end(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def token(self, nonce):
        claims = {"iss": self.url, "aud": "ui", "sub": "ann", "nonce": nonce, "exp": int(time.time()) + 3600}
        found = jwt.encode(claims, "a key of thirty-two bytes, or more", algorithm="HS256")
        self.issued.add(found)
        return found


class IssuerPages(BaseHTTPRequestHandler):
    def log_message(self, *given):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        query = {key: value[0] for key, value in parse_qs(url.query).items()}
        if url.path == "/auth":
            self.server.codes["code"] = query
            back = urlencode({"code": "code", "state": query["state"]})
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{back}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        own = self.server.url
        self._answer(200, {"issuer": own, "authorization_endpoint": f"{own}/auth", "token_endpoint": f"{own}/token"})

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.codes.pop(form["code"][0], None)
        verifier = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        if asked is None or base64.urlsafe_b64encode(verifier).decode().rstrip("=") != asked["code_challenge"]:
            self._answer(400, {"error": "invalid_grant"})
            return
        self._answer(200, {"id_token": self.server.token(asked["nonce"]), "token_type": "Bearer"})

    def _answer(self, code, found):
        data = json.dumps(found).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def issuer():
    found = Issuer()
    yield found
    found.end()


@pytest.fixture
def browser(site, cluster, issuer, tmp_path):
    def api(environ, start):
        """Trusts the issuer."""
        if environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ") in issuer.issued:
            environ["sampan.user"] = User("ann", ("system:authenticated",))
        return cluster.app.wsgi(environ, start)

    port = ApiPort(api, User("admin", ()))
    (tmp_path / "kubeconfig").write_text(port.kubeconfig())
    place = connecting.Place.of(load(tmp_path / "kubeconfig"))
    flow = Flow(Provider(issuer.url, "ui"), asking())
    yield falcon.testing.TestClient(new_app(place, site.sessions, links=lambda: ADDRESS, flow=flow))
    port.close()


def there(browser, issuer, goal="/l/pods?namespace=shop"):
    """Begins the sign-in: (path that the provider sends the browser back to, the cookie that binds it)."""
    import http.client

    began = browser.simulate_get("/signin/oidc", params={"next": goal})
    url = urlsplit(began.headers["location"])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    try:
        connection.request("GET", f"{url.path}?{url.query}")
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    back = answer.headers["Location"]
    assert back.startswith(f"{ADDRESS}/signin/oidc/callback?")
    return back.removeprefix(ADDRESS), began.cookies["sampan_dashboard_signin"]


def test_a_user_signs_in_at_the_provider(browser, issuer):
    assert 'href="/signin/oidc?next=%2Fl%2Fpods"' in browser.simulate_get("/signin?next=/l/pods").text
    path, binding = there(browser, issuer)
    assert (binding.same_site, binding.http_only, binding.secure) == ("Lax", True, True)

    back = browser.simulate_get(path, cookies={"sampan_dashboard_signin": binding.value})

    assert back.status_code == 200, back.text
    assert '<meta http-equiv="refresh" content="0; url=/l/pods?namespace=shop">' in back.text
    session = back.cookies["sampan_dashboard"]
    assert session.same_site == "Strict"
    page = browser.simulate_get("/access", cookies={"sampan_dashboard": session.value})
    assert "<strong>ann</strong>" in page.text


def test_another_browser_cannot_finish_it(browser, issuer):
    path, _ = there(browser, issuer)

    back = browser.simulate_get(path, cookies={"sampan_dashboard_signin": "mine"})

    assert back.status_code == 401 and "another browser" in back.text
    assert "sampan_dashboard" not in back.cookies


def test_a_code_that_was_used_is_refused_by_the_provider(browser, issuer):
    path, binding = there(browser, issuer)
    issuer.codes.clear()

    back = browser.simulate_get(path, cookies={"sampan_dashboard_signin": binding.value})

    assert back.status_code == 401 and "invalid_grant" in back.text


def test_nothing_leads_to_another_site(browser, issuer):
    path, binding = there(browser, issuer, "https://evil.example/")

    assert "evil" not in browser.simulate_get(path, cookies={"sampan_dashboard_signin": binding.value}).text


@pytest.mark.parametrize("query", ["", "?state=x", "?code=x"])
def test_an_address_made_up_is_refused(browser, query):
    assert browser.simulate_get(f"/signin/oidc/callback{query}").status_code == 400


def test_without_a_provider_nothing_is_offered(site):
    page = site.anonymous().get("/signin")

    assert "/signin/oidc" not in page.text
    assert site.anonymous().get("/signin/oidc").status_code == 403  # a one-time link that does not exist
