"""Pages against an in-process cluster, each user with an identity of its own."""

from __future__ import annotations

import re
from types import SimpleNamespace
from urllib.parse import urlencode

import falcon.testing
import pytest

from sampan_client.inprocess import InProcessTransport
from sampan_dashboard import connecting
from sampan_dashboard.accounts import Account
from sampan_dashboard.app import new_app
from sampan_dashboard.sessions import Sessions
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


def visible(html):
    """The text of a page, roughly."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture(scope="session")
def cluster():
    with start(nodes=2) as found:
        yield found


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
