"""Chain steps under gunicorn, with our worker class and with one of its own."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SITE = """
import atexit, json, time
from sampan.contracts.access import Decision, User
from sampan.hookspecs import hookimpl
from sampan.errors import TooManyRequests
from sampan_config import plugin as config
from sampan_memory.store import MemoryStore
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins

class Audit:
    name, after, inline = "audit", "impersonate", True
    def enter(self, request):
        if request.headers.get("x-refuse"):
            raise TooManyRequests("no")
        def told(outcome):
            with open("audit.log", "a") as file:
                print(request.verb, request.path, request.user.name, outcome.status, file=file)
        return told

class Mine:
    @hookimpl
    def contribute_chain_steps(self):
        return [Audit()]
    @hookimpl
    def contribute_authenticators(self):
        return [self]
    @hookimpl
    def contribute_authorizers(self):
        return [self]
    name, inline = "mine", True
    def authenticate(self, credentials):
        return User("jane")
    def authorize(self, asked):
        return Decision.ALLOW, ""

made = []

def app(environ, start):
    if not made:
        made.append(new_app(Plugins(entry_points=[], extra={"config": config, "mine": Mine()}), store=MemoryStore()))
        atexit.register(made[0].close)
    return made[0].wsgi(environ, start)
"""
CMS = "/api/v1/namespaces/default/configmaps"


class Site:
    def __init__(self, directory: Path, *options: str) -> None:
        (directory / "site_under_test.py").write_text(SITE)
        self.audit = directory / "audit.log"
        self._log = (directory / "log").open("w+")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "--no-control-socket", "--chdir", str(directory), "--bind",
                "127.0.0.1:0", "--graceful-timeout", "2", *options, "site_under_test:app",
            ],
            stderr=self._log, stdout=self._log,
        )  # fmt: skip
        self.port = int(self._wait("Listening at: ").split()[0].rsplit(":", 1)[1])

    def _wait(self, words: str) -> str:
        deadline = time.monotonic() + 60
        while words not in (text := Path(self._log.name).read_text()):
            assert self.process.poll() is None and time.monotonic() < deadline, text
            time.sleep(0.02)
        return text.split(words)[1]

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def lines(self, count: int) -> list[str]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = self.audit.read_text().splitlines() if self.audit.exists() else []
            if len(found) >= count:
                break
            time.sleep(0.02)
        return found

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self._log.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    running: list[Site] = []

    def begin(*options: str) -> Site:
        running.append(Site(tmp_path, *options))
        return running[-1]

    yield begin
    for each in running:
        each.close()


@pytest.mark.parametrize("worker", ["sampan_http.Worker", "gthread"])
def test_each_request_is_asked_of_and_told_of_once(site: Callable[..., Site], worker: str) -> None:
    server = site("--worker-class", worker)

    asked = [
        ("GET", "/version", None, 200), ("POST", CMS, '{"metadata": {"name": "a"}}', 201),
        ("GET", f"{CMS}/none", None, 404), ("GET", f"{CMS}?watch=1&timeoutSeconds=1", None, 200),
        ("DELETE", f"{CMS}/a", None, 200),
    ]  # fmt: skip
    assert server.ask("GET", CMS, X_Refuse="1") == 429
    for count, (method, path, body, status) in enumerate(asked, start=1):
        assert server.ask(method, path, body) == status
        server.lines(count)  # told after the answer, perhaps, and on another thread than the next one

    assert server.lines(5) == [
        "get /version jane 200", f"create {CMS} jane 201", f"get {CMS}/none jane 404", f"watch {CMS} jane 200",
        f"delete {CMS}/a jane 200",
    ]  # fmt: skip
