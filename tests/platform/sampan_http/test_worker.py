"""gunicorn really started with our worker class."""

import http.client
import json
import os
import select
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sampan_testing.cluster import until

APP = """
import os, threading
import falcon
from sampan_http.answers import Reply
from sampan_http.handoff import Hijacked, Parked

class Who:
    def on_get(self, req, resp):
        resp.media = {"pid": os.getpid(), "certificate": bool(req.env["sampan.peer_certificate"])}
    def on_post(self, req, resp):
        resp.media = {"body": req.media}

class Park:
    def on_get(self, req, resp):
        def begin(resume):
            threading.Timer(0.5, resume, [lambda: Reply(200, b'"parked"')]).start()
        raise Parked(begin)

class Watch:
    def on_get(self, req, resp):
        def take(connection):
            connection.send(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\n{}\\r\\n")
            connection.on_close = lambda: connection.send(b"0\\r\\n\\r\\n")
        raise Hijacked(take)

app = falcon.App()
app.add_route("/who", Who())
app.add_route("/park", Park())
app.add_route("/watch", Watch())
"""


class Gunicorn:
    """A running arbiter and its log."""

    def __init__(self, directory, *options):
        (directory / "tiny.py").write_text(APP)
        self._log = (directory / "log").open("w+")
        self.process = subprocess.Popen(
            [
                sys.executable, "-W", "error", "-m", "gunicorn", "--no-control-socket", "--chdir", str(directory),
                "--worker-class", "sampan_http.Worker", "--bind", "127.0.0.1:0", *options, "tiny:app",
            ],
            stderr=self._log, stdout=self._log,
        )  # fmt: skip
        self.port = int(self._wait("Listening at: ").split()[0].rsplit(":", 1)[1])

    def log(self):
        self._log.flush()
        return Path(self._log.name).read_text()

    def _wait(self, words):
        deadline = time.monotonic() + 60
        while words not in self.log():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.02)
        return self.log().split(words)[1]

    def connect(self, context=None):
        if context is not None:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path, **kind):
        connection = self.connect(**kind)
        try:
            connection.request("GET", path)
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self._log.close()


@pytest.fixture
def gunicorn(tmp_path):
    running = []

    def start(*options):
        running.append(Gunicorn(tmp_path, *options))
        return running[-1]

    yield start
    for one in running:
        one.close()


def test_sigterm_lets_requests_finish(gunicorn):
    server = gunicorn()
    parked, watch = server.connect(), server.connect()
    watch.request("GET", "/watch")
    stream = watch.getresponse()
    assert stream.read(2) == b"{}"
    assert server.get("/who")["certificate"] is False
    parked.request("GET", "/park")
    server.get("/who")  # so the worker has read that too

    server.process.terminate()

    assert parked.getresponse().read() == b'"parked"'
    assert stream.read() == b""
    assert server.process.wait(60) == 0
    assert "Traceback" not in server.log()
    parked.close()
    watch.close()


def test_a_reload_replaces_the_worker_and_loses_nothing(gunicorn):
    server = gunicorn()
    old = server.get("/who")["pid"]
    parked = server.connect()
    parked.request("GET", "/park")
    server.get("/who")

    os.kill(server.process.pid, signal.SIGHUP)

    assert parked.getresponse().read() == b'"parked"'
    parked.close()
    deadline = time.monotonic() + 60
    while server.get("/who")["pid"] == old:
        assert time.monotonic() < deadline
    assert "Traceback" not in server.log()


def test_a_worker_ends_when_its_parent_is_killed(gunicorn):
    server = gunicorn()
    ended = select.poll()
    worker = os.pidfd_open(server.get("/who")["pid"])
    ended.register(worker, select.POLLIN)

    server.process.kill()

    assert ended.poll(60_000)
    os.close(worker)


def test_a_worker_that_waits_for_its_successor_ends_with_its_arbiter_too(gunicorn, tmp_path):
    server = gunicorn()
    ended = select.poll()
    worker = os.pidfd_open(server.get("/who")["pid"])
    ended.register(worker, select.POLLIN)
    (tmp_path / "tiny.py").write_text("import time; time.sleep(3); raise RuntimeError('never serves')")
    os.kill(server.process.pid, signal.SIGHUP)
    deadline = time.monotonic() + 60
    while server.log().count("Booting worker") < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not ended.poll(500)  # it got SIGTERM, and waits

    server.process.kill()

    assert ended.poll(60_000)
    os.close(worker)


def test_tls_and_the_access_log_come_from_gunicorns_settings(gunicorn, pki, client_context):
    server = gunicorn(
        "--certfile", str(pki / "server.crt"), "--keyfile", str(pki / "server.key"), "--ca-certs", str(pki / "ca.crt"),
        "--access-logfile", "-",
    )  # fmt: skip

    assert server.get("/who", context=client_context("client"))["certificate"] is True
    assert server.get("/who", context=client_context())["certificate"] is False
    with pytest.raises(ssl.SSLError):
        server.get("/who", context=ssl.create_default_context())
    until(lambda: server.log().count('"GET /who HTTP/1.1" 200') == 2)  # written after the answer


def test_a_worker_is_replaced_after_max_requests(gunicorn):
    server = gunicorn("--max-requests", "3")
    first = server.get("/who")["pid"]

    deadline = time.monotonic() + 60
    while server.get("/who")["pid"] == first:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reload_that_cannot_load_the_application_leaves_the_old_worker_serving(gunicorn, tmp_path):
    server = gunicorn("--graceful-timeout", "1")
    old = server.get("/who")["pid"]
    (tmp_path / "tiny.py").write_text("raise ValueError('a broken release')")
    os.kill(server.process.pid, signal.SIGHUP)
    deadline = time.monotonic() + 60
    while "exited with code 1" not in server.log():
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.05)

    assert server.get("/who")["pid"] == old
    (tmp_path / "tiny.py").write_text(APP)
    os.kill(server.process.pid, signal.SIGHUP)

    deadline = time.monotonic() + 60
    while server.get("/who")["pid"] == old:
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.05)


def test_a_first_start_that_cannot_load_the_application_ends(tmp_path):
    (tmp_path / "broken.py").write_text("raise ValueError('no')")

    ended = subprocess.run(
        [
            sys.executable, "-m", "gunicorn", "--no-control-socket", "--chdir", str(tmp_path),
            "--worker-class", "sampan_http.Worker", "--bind", "127.0.0.1:0", "broken:app",
        ],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip

    assert ended.returncode == 3


def test_idle_connections_outlive_a_reload_for_one_more_request(gunicorn):
    server = gunicorn()
    kept = server.connect()
    kept.request("GET", "/who")
    old = json.load(kept.getresponse())["pid"]

    os.kill(server.process.pid, signal.SIGHUP)
    deadline = time.monotonic() + 60
    while server.get("/who")["pid"] == old:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kept.request("GET", "/who")
    answer = kept.getresponse()

    assert json.load(answer)["pid"] == old
    assert answer.getheader("Connection") == "close"
    kept.close()
