"""Pages against an in-process cluster, each user with an identity of its own."""

from __future__ import annotations

import contextlib
import re
from types import SimpleNamespace
from urllib.parse import urlencode

import falcon.testing
import pytest

from sampan.errors import NotFound
from sampan_client.inprocess import InProcessTransport
from sampan_dashboard import connecting
from sampan_dashboard.accounts import Account
from sampan_dashboard.app import new_app
from sampan_dashboard.sessions import Sessions
from sampan_machinery.resources import LEASES
from sampan_testing.cluster import start


class Browser:
    """A signed-in browser: cookies, forms with their CSRF token, redirects."""

    def __init__(self, app, session):
        self._client = falcon.testing.TestClient(app)
        self.session = session
        self._headers = {"Cookie": f"sampan_dashboard={session.id}"} if session else {}

    def get(self, path, **headers):
        return self._client.simulate_get(path, headers={**self._headers, **headers})

    def post(self, path, csrf=None, headers=None, **form):
        token = self.session.csrf if csrf is None and self.session else csrf or ""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._client.simulate_post(
            path, headers={**self._headers, **kind, **(headers or {})}, body=urlencode({"csrf": token, **form})
        )

    def text(self, path):
        """Of a page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, visible(answer.text)
        return answer.text

    def words(self, path):
        """The same, as it is read."""
        return visible(self.text(path))


def visible(html):
    """The text of a page, roughly."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture(scope="session")
def cluster():
    with start(nodes=2) as found:
        for name in ("node-1", "node-2", "drained"):
            stay_alive(found.client, name)
        yield found


def stay_alive(client, name):
    """Fake nodes send no heartbeats; on a slow machine they would be unreachable before the tests have ended."""
    lease = {"metadata": {"name": name}, "spec": {"renewTime": "2099-01-01T00:00:00.000000Z"}}
    client.create(LEASES, lease, "kube-node-lease")


@pytest.fixture(scope="session")
def site(cluster):
    """The application with its sessions; ``site.sign_in(name, *groups)`` gives a browser."""
    sessions = Sessions()
    app = new_app(connecting.Place("https://cluster.example"), sessions, links=lambda: "http://here")

    def sign_in(name="admin", *groups):
        client = cluster.client_as(name, *(groups or ("system:masters",) if name == "admin" else groups))
        assert isinstance(client.transport, InProcessTransport)
        return Browser(app, sessions.begin(Account.of(client)))

    yield SimpleNamespace(app=app, sessions=sessions, sign_in=sign_in, anonymous=lambda: Browser(app, None))
    sessions.close()


@pytest.fixture(scope="session")
def admin(site):
    return site.sign_in()


@pytest.fixture(scope="session")
def shop(cluster):
    """A namespace with a Deployment, its Service and Ingress; two replicas are ready."""
    from sampan_machinery.resources import DEPLOYMENTS, INGRESSES, NAMESPACES, SERVICES

    client = cluster.client
    client.create(NAMESPACES, {"metadata": {"name": "shop"}})
    client.create(DEPLOYMENTS, deployment("web", "nginx:1.25"), "shop")
    port = [{"port": 80}]
    client.create(SERVICES, {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": port}}, "shop")
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    client.create(INGRESSES, {"metadata": {"name": "front"}, "spec": {"rules": [rule]}}, "shop")
    cluster.until(lambda: client.get(DEPLOYMENTS, "web", "shop")["status"]["availableReplicas"] == 2, 60)
    return "shop"


@pytest.fixture
def make(cluster):
    """``make(resource, obj, namespace)`` creates an object that is gone after the test."""
    made = []

    def create(resource, obj, namespace):
        found = cluster.client.create(resource, obj, namespace)
        made.append((resource, found["metadata"]["name"], namespace))
        return found

    yield create
    for each in made:
        with contextlib.suppress(NotFound):
            cluster.client.delete(*each)


def deployment(name, image, replicas=2):
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


@pytest.fixture(scope="session")
def reader(site, cluster, shop):
    """A user who may only look, and only in that namespace."""
    from sampan_machinery.resources import ROLE_BINDINGS

    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    cluster.client.create(ROLE_BINDINGS, {"metadata": {"name": "reader"}, "roleRef": role, "subjects": [subject]}, shop)
    browser = site.sign_in("reader")
    cluster.until(lambda: browser.get("/l/pods?namespace=shop").status_code == 200)
    return browser


@pytest.fixture(scope="session")
def served(site):
    """The pages on a real socket, as the add-on serves them."""
    from sampan_dashboard.serving import PageServer

    server = PageServer(site.app, "127.0.0.1", 0)
    server.start()
    yield server
    server.stop()


class Events:
    """Server-sent events of one path, until the ``with`` ends."""

    def __init__(self, port, path, session, **headers):
        import http.client

        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.request("GET", path, headers={"Cookie": f"sampan_dashboard={session.id}", **headers})
        self.answer = self._connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.answer.close()
        self._connection.close()

    def next(self):
        """(event, data) of the next event that is no comment."""
        import json

        name = ""
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))


@pytest.fixture
def events(served):
    return lambda path, browser, **headers: Events(served.port, path, browser.session, **headers)
