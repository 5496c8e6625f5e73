"""The whole controller against the smallest API server there is, with a real nginx."""

from __future__ import annotations

import http.client
import os
import queue
import signal
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from ports import free_port
from prometheus_client import CollectorRegistry

from sampan.contracts.access import User
from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan_client import Client
from sampan_ingress import component
from sampan_ingress.component import cleanup, run
from sampan_ingress.nginx import sweep
from sampan_ingress.settings import Settings
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import EVENTS, INGRESSES, LEASES, SECRETS, SERVICES
from sampan_machinery.resources import INGRESS_CLASSES as CLASSES
from sampan_testing.miniapi import MiniApi


def reached(what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Controller:
    """The add-on on a thread, over a MiniApi."""

    def __init__(self, home, **settings):
        self.api = MiniApi([CLASSES, INGRESSES, SERVICES, SLICES, SECRETS, EVENTS, LEASES])
        self.settings = Settings(
            address="127.0.0.1",
            http_port=free_port(),
            https_port=free_port(),
            reload_seconds=0.0,
            workers=1,
            **settings,
        )
        self.home, self.stop = home, threading.Event()
        self.ready, self.failing = queue.Queue(), queue.Queue()
        self.metrics = CollectorRegistry()
        self.client = Client.in_process(self.api, User("ingress"))
        self.thread = threading.Thread(target=run, args=(self._running(),), name="ingress")

    def _running(self):
        return Running(
            self.client, self.settings, str(self.home), self.stop, ClusterOptions(node_ip="10.0.0.1"),
            ready=self.ready.put, failing=self.failing.put, metrics=self.metrics,
        )  # fmt: skip

    def ask(self, host):
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.http_port, timeout=30)
        try:
            connection.request("GET", "/", headers={"Host": host})
            return connection.getresponse().read().decode().split(" ")[0]
        except OSError:
            return ""
        finally:
            connection.close()

    def figure(self, name):
        return self.metrics.get_sample_value(f"sampan_ingress_{name}")

    def end(self):
        self.stop.set()
        self.thread.join(60)
        self.client.close()
        assert not self.thread.is_alive()
        folder = (self.home / "nginx").resolve()
        assert sweep(folder) == 0
        cleanup(str(self.home), {})


@pytest.fixture
def controller(tmp_path, program):
    made = Controller(tmp_path)
    yield made
    made.end()


def test_it_serves_tells_and_recovers(controller, made, pods):
    api = controller.api
    api.create(CLASSES, made.sampan_class)
    api.create(SERVICES, made.service())
    slice_ = api.create(SLICES, made.slice("web", "127.0.0.1", port=pods("one")))
    api.create(INGRESSES, made.ingress("web", made.rule("a.org")))
    controller.thread.start()

    assert controller.ready.get(timeout=60).startswith("Ingresses are served on ports ")
    assert controller.ask("a.org") == "one"
    reached(lambda: (api.get(INGRESSES, "web", "default").get("status") or {}).get("loadBalancer"))
    assert api.get(INGRESSES, "web", "default")["status"]["loadBalancer"] == {"ingress": [{"ip": "127.0.0.1"}]}

    wrong = {"ingress.sampan.dev/proxy-body-size": "lots"}
    api.create(INGRESSES, made.ingress("bad", made.rule("b.org"), annotations=wrong))
    reached(lambda: any(event["reason"] == "Rejected" for event in api.list(EVENTS)))
    assert controller.ask("a.org") == "one"
    reached(lambda: (controller.figure("ingresses"), controller.figure("bad_ingresses")) == (2, 1))

    api.update(SLICES, {**slice_, "ports": [{**slice_["ports"][0], "port": pods("two")}]})
    reached(lambda: controller.ask("a.org") == "two")

    master = int((controller.home / "nginx" / "nginx.pid").read_text())
    os.kill(master, signal.SIGKILL)
    assert "nginx has ended" in controller.failing.get(timeout=60)
    reached(lambda: controller.figure("nginx_restarts_total") == 1)
    reached(lambda: controller.ask("a.org") == "two")
    reached(lambda: controller.figure("requests_total") > 0)


def test_a_taken_port_is_waited_for(controller, monkeypatch):
    monkeypatch.setattr(component, "AGAIN", 0.05)
    with socket.create_server(("127.0.0.1", controller.settings.http_port)):
        controller.thread.start()
        assert "set plugins.ingress.http_port to another" in controller.failing.get(timeout=60)

    assert controller.ready.get(timeout=60)


def test_a_missing_nginx_is_said(tmp_path):
    controller = Controller(tmp_path, nginx="/nowhere/nginx")
    controller.thread.start()

    assert "no nginx is found" in controller.failing.get(timeout=60)
    controller.end()
    assert not (Path(controller.home) / "nginx" / "nginx.conf").exists()


def test_who_learns_late_that_it_ends_is_served_still(tmp_path, program, made, monkeypatch):
    leave, slept = threading.Event(), []

    def sleep(seconds):
        slept.append(seconds)
        leave.wait(60 if seconds == 1.0 else seconds)

    monkeypatch.setattr("sampan_ingress.controller.time", SimpleNamespace(**{**vars(time), "sleep": sleep}))
    controller = Controller(tmp_path, leave_seconds=1.0)
    controller.thread.start()
    controller.ready.get(timeout=60)

    controller.stop.set()
    reached(lambda: 1.0 in slept)
    assert controller.ask("a.org") == "404"
    leave.set()
    controller.end()
    assert controller.ask("a.org") == ""
